"""`python -m reporting run` — ACCOUNT: facts from events, indicators for the funders."""

from reporting.api import facts, indicators
from reporting.consumers import HANDLERS
from reporting.settings import Settings
from reporting.use_cases.forget_patient import sweep
from smp.service import Job, Service

SERVICE = Service(
    name="reporting",
    settings=Settings,
    package="reporting",
    routers=[indicators.router, facts.router],
    handlers=HANDLERS,
    jobs=[Job("finish-erasures", every=3600, run=sweep)],
    projections=[
        "appointment_fact",
        "session_fact",
        "message_fact",
        "call_task_fact",
        "site_fact",
        "erased_patient",
    ],
)

if __name__ == "__main__":
    SERVICE.main()
