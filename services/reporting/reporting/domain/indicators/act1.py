"""ACT1: how much care was given."""

from collections import Counter

from reporting.domain.activity import DONE, Activity
from reporting.domain.figures import Definition, Figure

UNKNOWN = "unknown"


def compute(activity: Activity) -> Figure:
    modes: Counter[str] = Counter()
    roles: Counter[str] = Counter()
    programming: Counter[str] = Counter({"programmed": 0, "unscheduled": 0})
    for act in activity.acts:
        if act.status != DONE or act.social:
            continue
        modes[act.mode or UNKNOWN] += act.count
        roles[act.role or UNKNOWN] += act.count
        programming["unscheduled" if act.unscheduled else "programmed"] += act.count
    total = programming.total()
    return Figure(
        numerator=total,
        denominator=None,
        value=total,
        cells=(total,),
        breakdowns={"mode": dict(modes), "programming": dict(programming), "role": dict(roles)},
    )


DEFINITION = Definition(
    code="ACT1",
    version=1,
    kind="count",
    label="Consultations réalisées",
    unit="actes",
    numerator="Rendez-vous honorés et patients vus sans rendez-vous (consultation terminée).",
    denominator="Sans objet.",
    exclusions="Permanences médico-sociales (comptées à part, SOC1) ; rendez-vous annulés, expirés ou manqués.",
    method="Un acte compte le jour local de son heure convenue, à défaut celui de son début.",
    dimensions=("site", "mode", "programming", "role"),
    source_events=("SlotBooked", "SlotMoved", "ConsultationDone"),
    compute=compute,
)
