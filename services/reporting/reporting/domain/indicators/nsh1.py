"""NSH1: how many appointments were missed."""

from reporting.domain.activity import DONE, NO_SHOW, Activity
from reporting.domain.figures import Definition, Figure, percent


def compute(activity: Activity) -> Figure:
    missed = activity.count(lambda act: act.status == NO_SHOW)
    kept = activity.count(lambda act: act.status == DONE)
    return Figure(
        numerator=missed,
        denominator=missed + kept,
        value=percent(missed, missed + kept),
        cells=(missed, kept),
    )


DEFINITION = Definition(
    code="NSH1",
    version=2,  # 2: whoever came and left without being seen is not missed; before, that was noted as a no-show
    kind="share",
    label="Rendez-vous non honorés",
    unit="%",
    numerator="Rendez-vous où le patient n'est pas venu.",
    denominator="Rendez-vous honorés ou non honorés.",
    exclusions="Rendez-vous annulés ou excusés, patients partis sans être vus ; rendez-vous expirés ou pas encore "
    "conclus ; permanences médico-sociales.",
    method="Part en pour cent, à une décimale.",
    dimensions=("site",),
    source_events=("PatientNoShow", "ConsultationDone", "StatusCorrected"),
    compute=compute,
)
