"""What the model of `model.py` is made of: sessions and appointments, as few fields as the rules need."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from tests.booking.world import PARIS

VISIT = timedelta(minutes=20)
GRID = timedelta(minutes=20)
HOLD = timedelta(minutes=5)
LATE = timedelta(hours=24)
COOL_DOWN = timedelta(minutes=10)
FLOAT_NOTICE = timedelta(hours=20)
RELEASE = time(18)  # of the online share, the day before
MINUTE = timedelta(minutes=1)
WAITING = frozenset({"arrived", "in_preparation"})
GONE = frozenset({"done", "no_show", "left_unseen"})  # the patient may be expected elsewhere
STANDING = frozenset({"held", "booked", "in_consultation"}) | WAITING

Problems = frozenset[str]
Resource = tuple[str, str]  # kind and whose
FINE: Problems = frozenset()


@dataclass
class Presence:
    """A session. `supervisor` is who must be present when the professional is an intern; `online` slots are kept for
    those who book online until the evening before."""

    id: str
    professional: str
    start: datetime
    end: datetime
    room: str | None = None
    supervisor: str | None = None
    online: int = 0
    is_open: bool = True
    is_told: bool = False  # that what was kept is everybody's
    events: list[str] = field(default_factory=lambda: ["SessionOpened"])

    @property
    def resources(self) -> frozenset[Resource]:
        room = {("room", self.room)} if self.room else set()
        return frozenset({("practitioner", self.professional), *room})

    @property
    def starts(self) -> list[datetime]:
        return [self.start + n * GRID for n in range((self.end - self.start) // GRID)]

    @property
    def release_at(self) -> datetime:
        day = self.start.astimezone(PARIS).date() - timedelta(days=1)
        return datetime.combine(day, RELEASE, PARIS)

    @property
    def is_for_anybody(self) -> bool:
        """Neither an intern's nor with shares."""
        return self.supervisor is None and not self.online


@dataclass
class Visit:
    """An appointment; `named` when this practitioner was asked for, `party` when several came together."""

    id: str
    presence: Presence
    start: datetime
    patient: str | None
    state: str
    expires_at: datetime | None = None
    rests_until: datetime | None = None
    named: bool = True
    channel: str = "phone"
    party: str | None = None
    events: list[str] = field(default_factory=list)
    trail: list[tuple[str, date, bool]] = field(default_factory=list)  # state, local day, is a correction
    is_free: bool = False  # its place is free again
    is_lost: bool = False  # its place is gone, and somebody is to speak with the patient

    @property
    def end(self) -> datetime:
        return self.start + VISIT

    @property
    def resources(self) -> frozenset[Resource]:
        """What it takes: all of its place, or all but the patient while the place rests or once they are gone."""
        if not self.is_free:
            return needed(self, self.state)
        return self.presence.resources if self.rests_until else frozenset()

    def becomes(self, state: str, event: str, now: datetime, *, is_correction: bool = False) -> None:
        left_early = state == "left_unseen" and now < self.start
        self.is_free = state in ("cancelled", "excused", "expired") or left_early
        self.is_lost = self.is_lost and not self.is_free
        self.state = state
        self.events.append(event)
        self.trail.append((state, now.astimezone(PARIS).date(), is_correction))


def needed(visit: Visit, state: str) -> frozenset[Resource]:
    """What a visit in that state takes of its place."""
    whole = wanted(visit.presence, None if state in GONE else visit.patient)
    return whole - visit.presence.resources if visit.is_lost else whole


def wanted(presence: Presence, patient: str | None) -> frozenset[Resource]:
    return presence.resources | ({("patient", patient)} if patient else set())
