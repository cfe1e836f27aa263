"""What each event of a session says, put into the session's fact."""

from reporting.store import facts
from reporting.store.facts import Row
from smp.contracts import (
    CapacityReleased,
    Event,
    SessionCancelled,
    SessionChanged,
    SessionOpened,
    SessionSupported,
    SessionUnsupported,
)


def planned(event: Event[SessionOpened] | Event[SessionChanged]) -> Row:
    data = event.data
    plan = (data.site, data.role, list(data.kinds), data.start, data.end)
    return facts.of_session(event, site=data.site, plan=plan)


def cancelled(event: Event[SessionCancelled]) -> Row:
    data = event.data
    withdrawal = (event.time, data.reason, data.site, data.start, data.end)
    return facts.of_session(event, site=data.site, withdrawal=withdrawal)


def noted(event: Event[SessionUnsupported] | Event[SessionSupported] | Event[CapacityReleased]) -> Row:
    """What changes no figure is heard all the same, so that it leaves no hole in the sequence."""
    data = event.data
    return facts.of_session(event, site=data.site, mention=(event.time, data.site, data.start, data.end))
