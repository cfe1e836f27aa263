"""HTTP: parse, authorise, call one use case, answer."""

from booking.api import appointments, day, impacts, sessions, supervision

ROUTERS = (sessions.router, appointments.router, day.router, impacts.router, supervision.router)
