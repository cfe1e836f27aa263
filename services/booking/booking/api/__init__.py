"""HTTP: parse, authorise, call one use case, answer."""

from booking.api import appointments, day, sessions

ROUTERS = (sessions.router, appointments.router, day.router)
