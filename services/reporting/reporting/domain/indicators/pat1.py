"""PAT1: how many people the centre looks after."""

from reporting.domain.activity import Activity
from reporting.domain.figures import Definition, Figure


def compute(activity: Activity) -> Figure:
    patients = sum(row.count for row in activity.patients if row.site is None)
    return Figure(numerator=patients, denominator=None, value=patients, cells=(patients,))


DEFINITION = Definition(
    code="PAT1",
    version=1,
    kind="count",
    label="File active",
    unit="patients",
    numerator="Patients distincts ayant eu au moins un acte réalisé dans les douze mois qui finissent avec la période.",
    denominator="Sans objet.",
    exclusions="Permanences médico-sociales ; patients effacés à leur demande (leurs actes restent dans ACT1).",
    method="Douze mois glissants, bornes en jours locaux du site ; un patient vu dans deux sites compte une fois au "
    "total.",
    dimensions=("site",),
    source_events=("SlotBooked", "ConsultationDone", "PatientErased"),
    compute=compute,
)
