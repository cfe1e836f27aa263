"""ATT1: how long people wait on the spot."""

from reporting.domain.activity import DONE, Activity
from reporting.domain.figures import MEDIAN, NINTH_DECILE, Definition, Figure, Measure, quantile


def compute(activity: Activity) -> Figure:
    population = sum(row.count for row in activity.waits)
    observed = sum(row.count for row in activity.waits if row.minutes is not None)
    elsewhere = activity.count(lambda act: act.status == DONE) - population
    cells = (observed, population - observed, elsewhere)
    return Figure(
        numerator=observed,
        denominator=population,
        value=quantile(activity.waits, MEDIAN),
        cells=cells,
        measures={"p90": Measure(quantile(activity.waits, NINTH_DECILE), "minutes", cells)},
    )


DEFINITION = Definition(
    code="ATT1",
    version=1,
    kind="quantile",
    label="Attente sur place (médiane)",
    unit="minutes",
    numerator="Actes réalisés dont l'arrivée et le début sont connus, l'arrivée avant le début.",
    denominator="Actes réalisés.",
    exclusions="Permanences médico-sociales ; visites et vidéo (personne n'attend sur place).",
    method="De l'arrivée au début de la consultation, en minutes entières arrondies. Médiane et 9e décile au rang le "
    "plus proche (Hyndman et Fan, type 1), sans interpolation.",
    dimensions=("site",),
    source_events=("PatientArrived", "ConsultationStarted", "ConsultationDone"),
    compute=compute,
)
