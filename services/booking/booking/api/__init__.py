"""HTTP: parse, authorise, call one use case, answer."""

from booking.api import (
    appointments,
    availability,
    closures,
    day,
    impacts,
    kinds,
    minor_emergencies,
    offers,
    presence,
    session_rules,
    sessions,
    supervision,
    visits,
    waiting_list,
)

# Routes are tried in order: those asked for most come first.
ROUTERS = (
    appointments.router,
    visits.router,
    availability.router,
    sessions.router,
    day.router,
    impacts.router,
    kinds.router,
    supervision.router,
    minor_emergencies.router,
    session_rules.router,
    closures.router,
    presence.router,
    waiting_list.router,
    offers.router,
)
