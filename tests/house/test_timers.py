"""What each service does by itself, and how often: a timer that is not wired is work that nobody does."""

import pytest

from booking.__main__ import service as booking
from door_list.__main__ import SERVICE as DOOR_LIST
from notifications.__main__ import service as notifications
from registry.__main__ import service as registry
from reporting.__main__ import SERVICE as REPORTING
from smp.service import Service

TIMERS = {
    "booking": {
        "expire-holds": 1,
        "follow-registry": 1,
        "end-offers": 0.5,
        "offer-places": 0.5,
        "close-waiting-list-entries": 60,
        "materialise-sessions": 60,
        "recheck-supervision": 1,
        "forget-changes": 600,
        "release-capacity": 5,
        "settle-impacts": 1,
    },
    "notifications": {"send-due-texts": 0.25, "expire-unanswered-texts": 5, "forget-old-texts": 3600},
    "registry": {"rotate-keys": 3600},
    "reporting": {"finish-erasures": 3600},
    "door_list": {},
}
"""Seconds between two runs."""


@pytest.mark.parametrize(
    "service", [booking, notifications, registry, REPORTING, DOOR_LIST], ids=lambda service: service.name
)
def test_each_service_has_its_timers(service: Service) -> None:
    told = [(job.name, job.every) for job in service.jobs]
    assert dict(told) == TIMERS[service.name]
    assert len(told) == len(dict(told))
