"""OCC1: how much of the offered time was taken."""

from reporting.domain.activity import AGREED, DONE, Activity
from reporting.domain.figures import Definition, Figure, Measure, percent


def compute(activity: Activity) -> Figure:
    offered = sum(offer.minutes for offer in activity.offers)
    booked = activity.minutes(lambda act: act.status in AGREED)
    realised = activity.minutes(lambda act: act.status == DONE)
    done = activity.count(lambda act: act.status == DONE)
    not_done = activity.count(lambda act: act.status in AGREED) - done
    cells = (done + not_done, not_done)
    return Figure(
        numerator=booked,
        denominator=offered,
        value=percent(booked, offered),
        cells=cells,
        measures={
            "realised_minutes": Measure(realised, "minutes", cells),
            "realised": Measure(percent(realised, offered), "%", cells),
        },
    )


DEFINITION = Definition(
    code="OCC1",
    version=1,
    kind="share",
    label="Occupation des plages offertes",
    unit="%",
    numerator="Minutes des rendez-vous convenus, honorés ou non (annulés et expirés exclus).",
    denominator="Minutes des plages ouvertes.",
    exclusions="Plages supprimées (fermetures, absences) ; plages et rendez-vous médico-sociaux.",
    method="Part en pour cent, à une décimale ; dépasse 100 % quand des patients sont pris en plus des plages. "
    "« realised » : la même part pour les seuls actes réalisés.",
    dimensions=("site",),
    source_events=("SessionOpened", "SessionChanged", "SessionCancelled", "SlotBooked", "SlotMoved", "SlotCancelled"),
    compute=compute,
)
