"""DEL1: how long people wait for a first appointment."""

from reporting.domain.activity import Activity
from reporting.domain.figures import MEDIAN, NINTH_DECILE, Definition, Figure, Measure, quantile

MINUTES_PER_DAY = 1_440


def compute(activity: Activity) -> Figure:
    population = sum(row.count for row in activity.delays)
    observed = sum(row.count for row in activity.delays if row.minutes is not None)
    cells = (observed, population - observed)
    return Figure(
        numerator=observed,
        denominator=population,
        value=_days(quantile(activity.delays, MEDIAN)),
        cells=cells,
        measures={"p90": Measure(_days(quantile(activity.delays, NINTH_DECILE)), "jours", cells)},
    )


def _days(minutes: int | None) -> float | None:
    return None if minutes is None else round(minutes / MINUTES_PER_DAY, 1)


DEFINITION = Definition(
    code="DEL1",
    version=1,
    kind="quantile",
    label="Délai obtenu pour une première consultation non urgente (médiane)",
    unit="jours",
    numerator="Premières consultations non urgentes dont l'heure de la demande est connue.",
    denominator="Patients dont la première consultation non urgente a lieu dans la période.",
    exclusions="Petites urgences, permanences médico-sociales, rendez-vous annulés ou expirés, patients effacés.",
    method="Délai entre la demande et l'heure convenue (après déplacement éventuel), en jours de 24 h, à une "
    "décimale ; un patient reçu avant l'enregistrement de sa demande compte 0. Médiane et 9e décile au rang le plus "
    "proche (Hyndman et Fan, type 1), sans interpolation. « Première » s'entend de tous les sites du territoire.",
    dimensions=("site",),
    source_events=("SlotBooked", "SlotMoved", "SlotCancelled"),
    compute=compute,
)
