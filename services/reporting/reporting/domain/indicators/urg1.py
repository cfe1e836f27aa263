"""URG1: how many visits to the emergency department were probably avoided."""

from reporting.domain.activity import DONE, Activity, Acts
from reporting.domain.figures import Definition, Figure, Measure, percent

LIGHT = (1, 2)  # CCMU: stable, with or without a further act


def compute(activity: Activity) -> Figure:
    unscheduled = activity.count(_is_unscheduled)
    programmed = activity.count(lambda act: act.status == DONE and not act.unscheduled)
    low = activity.count(_surely_avoided)
    high = activity.count(_perhaps_avoided)
    cells = (low, unscheduled - low, programmed)
    return Figure(
        numerator=low,
        denominator=unscheduled,
        value=low,
        cells=cells,
        measures={
            "low": Measure(low, "passages", cells),
            "high": Measure(high, "passages", (*cells, high, high - low, unscheduled - high)),
            "share": Measure(percent(low, unscheduled), "%", cells),
        },
    )


def _is_unscheduled(act: Acts) -> bool:
    return act.status == DONE and act.unscheduled


def _surely_avoided(act: Acts) -> bool:
    return (
        _is_unscheduled(act) and not act.sent_to_emergency and act.severity in LIGHT and act.otherwise_emergency is True
    )


def _perhaps_avoided(act: Acts) -> bool:
    return (
        _is_unscheduled(act)
        and not act.sent_to_emergency
        and (act.severity is None or act.severity in LIGHT)
        and act.otherwise_emergency is not False
    )


DEFINITION = Definition(
    code="URG1",
    version=1,
    kind="share",
    label="Passages aux urgences évités (estimation)",
    unit="passages",
    numerator="Actes non programmés de gravité CCMU 1 ou 2 pour lesquels il a été répondu oui à « sinon, les "
    "urgences ? ».",
    denominator="Actes non programmés réalisés.",
    exclusions="Patients adressés aux urgences à l'issue de l'acte ; permanences médico-sociales.",
    method="Borne basse (valeur donnée) : les deux réponses sont écrites et favorables. Borne haute : s'y ajoutent les "
    "actes où la gravité ou la réponse manque sans être contraire. Déclaration du soignant à la fin de l'acte, non "
    "vérifiée auprès des urgences : une estimation, pas un décompte.",
    dimensions=("site",),
    source_events=("ConsultationDone",),
    compute=compute,
)
