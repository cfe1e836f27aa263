"""What each event of a session says, put into the session's fact."""

from reporting.store import facts
from smp.contracts import Event, SessionCancelled, SessionChanged, SessionOpened
from smp.postgres import Transaction


async def planned(tx: Transaction, event: Event[SessionOpened] | Event[SessionChanged]) -> None:
    data = event.data
    plan = (data.site, data.role, list(data.kinds), data.start, data.end)
    await facts.record_session(tx, event, site=data.site, plan=plan)


async def cancelled(tx: Transaction, event: Event[SessionCancelled]) -> None:
    data = event.data
    withdrawal = (event.time, data.reason, data.site, data.start, data.end)
    await facts.record_session(tx, event, site=data.site, withdrawal=withdrawal)
