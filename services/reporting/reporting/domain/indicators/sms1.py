"""SMS1: what became of the texts, what they cost, and whether reminders helped."""

from collections import Counter

from reporting.domain.activity import DONE, NO_SHOW, Activity
from reporting.domain.figures import Definition, Figure, Measure, percent

SENT = frozenset({"accepted", "delivered", "failed", "expired"})


def compute(activity: Activity) -> Figure:
    fates: Counter[str] = Counter()
    for row in activity.messages:
        fates[row.fate] += row.count
    sent = sum(count for fate, count in fates.items() if fate in SENT)
    delivered = fates["delivered"]
    cells = (delivered, sent - delivered)
    calls = sum(row.count for row in activity.call_tasks)
    return Figure(
        numerator=delivered,
        denominator=sent,
        value=percent(delivered, sent),
        cells=cells,
        measures={
            "segments": Measure(sum(row.segments for row in activity.messages), "segments", cells),
            "credits": Measure(round(sum(row.credits for row in activity.messages), 4), "crédits", cells),
            "call_tasks": Measure(calls, "appels", (calls,)),
            **_no_shows(activity),
        },
        breakdowns={"fate": dict(fates)},
    )


def _no_shows(activity: Activity) -> dict[str, Measure]:
    """Missed appointments with and without a delivered reminder; shown together or not at all (NSH1 is their sum)."""

    def counted(status: str, reminded: bool) -> int:
        return activity.count(lambda act: act.status == status and act.reminded == reminded)

    missed = {reminded: counted(NO_SHOW, reminded) for reminded in (True, False)}
    kept = {reminded: counted(DONE, reminded) for reminded in (True, False)}
    cells = (*missed.values(), *kept.values())
    names = {True: "no_show_with_reminder", False: "no_show_without_reminder"}
    return {
        name: Measure(percent(missed[reminded], missed[reminded] + kept[reminded]), "%", cells)
        for reminded, name in names.items()
    }


DEFINITION = Definition(
    code="SMS1",
    version=1,
    kind="share",
    label="Textos remis",
    unit="%",
    numerator="Textos dont l'opérateur a confirmé la remise.",
    denominator="Textos acceptés par l'opérateur, refusés par lui ou restés sans suite (échec, expiration).",
    exclusions="Textos prévus mais pas encore partis, et textos abandonnés parce que le rendez-vous a changé.",
    method="Un texto compte le jour local où il était dû. « fate » répartit tous les textos prévus. Segments et "
    "crédits : décompte de l'opérateur. Rendez-vous non honorés comparés selon qu'un rappel a été remis ou non : une "
    "association, pas une preuve.",
    dimensions=("site", "fate"),
    source_events=(
        "MessagePlanned",
        "MessageAccepted",
        "MessageDelivered",
        "MessageFailed",
        "MessageExpired",
        "MessageCancelled",
        "CallTaskRaised",
    ),
    compute=compute,
)
