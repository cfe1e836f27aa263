"""Booking as it should be, small enough to be believed: plain lists, brute force, no database.

A command either changes the model and answers nothing, or changes nothing and answers every problem that the real
service may name. What is compared afterwards: states, sessions, occupancies, and the events of each aggregate.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise, permutations
from typing import Any

from tests.booking.model_parts import (
    COOL_DOWN,
    FINE,
    FLOAT_NOTICE,
    GRID,
    HOLD,
    MINUTE,
    STANDING,
    VISIT,
    WAITING,
    Presence,
    Problems,
    Resource,
    Visit,
    needed,
    wanted,
)
from tests.booking.world import PARIS


@dataclass
class Model:
    """What a centre's agenda holds at `now`."""

    now: datetime
    presences: list[Presence] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    adrift: list[Visit] = field(default_factory=list)  # who may have changed practitioner in the last command

    # --- sessions -------------------------------------------------------------------------------------------

    def may_open(self, new: Presence) -> Problems:
        found = set()
        if new.end <= self.now:
            found.add("session-past")
        for other in self.presences:
            meets = other.start < new.end and new.start < other.end
            if other.is_open and meets and other.resources & new.resources:
                found.add("session-overlap")
        return frozenset(found)

    def open(self, new: Presence) -> None:
        self.presences.append(new)
        self._come_back(new)

    def cancel_presence(self, gone: Presence, with_visits: bool) -> Problems:
        if not gone.is_open:
            return frozenset({"session-cancelled"})
        found = set()
        if gone.end <= self.now:
            found.add("session-past")
        hit = [each for each in self.visits if each.state in STANDING and self._is_hit(each, gone)]
        standing = [each for each in hit if not self.is_over(each)]
        if any(each.state == "in_consultation" for each in standing):
            found.add("patient-in-consultation")
        elif standing and not with_visits:
            found.add("session-has-appointments")
        if found:
            return frozenset(found)
        for each in hit:
            self._lose(each, gone)
        for each in self.visits:
            if each.presence is gone:
                each.rests_until = None
        gone.is_open = False
        gone.events.append("SessionCancelled")
        return FINE

    def change_end(self, changed: Presence, end: datetime, with_visits: bool) -> Problems:
        """Shorten or lengthen a session: whoever no longer fits, or is no longer covered, loses their place."""
        if not changed.is_open:
            return frozenset({"session-cancelled"})
        found: set[str] = set()
        if min(end, changed.end) <= self.now:
            found.add("session-past")
        if end == changed.end:
            found.add("nothing-to-change")
        if changed.online > (end - changed.start) // GRID:
            found.add("shares-too-large")
        for other in self.presences:
            meets = other.start < end and changed.start < other.end
            if other is not changed and other.is_open and meets and other.resources & changed.resources:
                found.add("session-overlap")
        before, changed.end = changed.end, end
        hit = [each for each in self.visits if each.state in STANDING and self._loses(each, changed, before)]
        standing = [each for each in hit if not self.is_over(each)]
        if any(each.state == "in_consultation" for each in standing):
            found.add("patient-in-consultation")
        elif standing and not with_visits:
            found.add("session-has-appointments")
        if found:
            changed.end = before
            return frozenset(found)
        for each in hit:
            self._lose(each, changed)
        for each in self.visits:
            if each.presence is changed:
                each.rests_until = None
        changed.events.append("SessionChanged")
        self._come_back(changed)
        return FINE

    def _lose(self, visit: Visit, gone: Presence) -> None:
        """Whoever sits in the waiting room is not sent home by a text: somebody speaks with them, and while their
        practitioner is there they stay."""
        if visit.state not in WAITING:
            self._give_up(visit)
        elif visit.presence is gone:
            visit.is_lost = True
            visit.becomes(visit.state, "CallRequested", self.now)

    def _come_back(self, home: Presence) -> None:
        """Who has lost their place in hours that there are again, and that nobody else has by now; whoever waits is put
        into no other session."""
        lost = [each for each in self.visits if each.is_lost and each.state in WAITING | {"booked"}]
        for each in lost:  # in the order in which they were booked
            may_follow = each.state == "booked" and each.presence.professional == home.professional
            is_there = home.start <= each.start and each.end <= home.end and each.end > self.now
            fits = is_there and (each.presence is home or may_follow)
            if not fits or not self.is_covered(home, each.start) or not self.admits(home, each.channel, each):
                continue
            others = [it for it in self.visits if it is not each and it.start < each.end and each.start < it.end]
            if any(it.resources & wanted(home, each.patient) for it in others):
                continue
            each.is_lost, each.presence = False, home
            each.becomes(each.state, "SlotMoved" if each.state == "booked" else "StatusCorrected", self.now)

    def _loses(self, visit: Visit, changed: Presence, before: datetime) -> bool:
        """It no longer fits, or the hours that are gone covered its intern."""
        if visit.is_lost:
            return False
        if visit.presence is changed and visit.end > changed.end:
            return True
        lost = changed.end < before and visit.start < before and changed.end < visit.end
        theirs = visit.presence.supervisor == changed.professional
        return theirs and lost and not self.is_covered(visit.presence, visit.start)

    def _is_hit(self, visit: Visit, gone: Presence) -> bool:
        """It stands in the session, or only the session covered its intern."""
        if visit.is_lost:
            return False
        if visit.presence is gone:
            return True
        if visit.presence.supervisor != gone.professional:
            return False
        meets = visit.start < gone.end and gone.start < visit.end
        return meets and not self.is_covered(visit.presence, visit.start, without=gone)

    def is_covered(self, presence: Presence, start: datetime, without: Presence | None = None) -> bool:
        """Each minute of the visit has its supervisor."""
        if presence.supervisor is None:
            return True
        there = [p for p in self.presences if p.is_open and p is not without and p.professional == presence.supervisor]
        minutes = (start + n * MINUTE for n in range(VISIT // MINUTE))
        return all(any(p.start <= minute < p.end for p in there) for minute in minutes)

    # --- appointments ---------------------------------------------------------------------------------------

    def place(
        self,
        presence: Presence,
        start: datetime,
        patient: str | None,
        leaving: Visit | None = None,
        channel: str = "phone",
        *,
        others_float: bool = False,
    ) -> Problems:
        """Why nobody can be put there; nothing when somebody can, and then expired holds have made room."""
        found = set()
        if not presence.is_open:
            found.add("session-cancelled")
        if start < presence.start or start + VISIT > presence.end:
            found.add("outside-session")
        if (start - presence.start) % GRID:
            found.add("off-grid")
        if start < self.now:
            found.add("slot-past")
        if not self.is_covered(presence, start):
            found.add("no-supervisor")
        if not self.admits(presence, channel, leaving):
            found.add("class-not-released")
        floats = presence if others_float else None
        return frozenset(found) or self._make_room(wanted(presence, patient), start, leaving, floats)

    def admits(self, presence: Presence, channel: str, leaving: Visit | None = None) -> bool:
        """Whether what is left of the session is not all kept for those who book online."""
        kept, free = self._left(presence, leaving)
        if self.now >= presence.release_at or channel == "online":
            return True
        return not (free and kept) or free > kept

    def _left(self, presence: Presence, leaving: Visit | None = None) -> tuple[int, int]:
        """Of a session: how much of the online share nobody has taken, and how many slots are free."""
        own = ("practitioner", presence.professional)
        taken = [
            each
            for each in self.visits
            if each.presence is presence and own in each.resources and each is not leaving and not self.is_over(each)
        ]
        online = sum(each.channel == "online" for each in taken)
        busy = {each.start for each in taken}
        free = [start for start in presence.starts if start >= self.now and start not in busy]
        return max(0, presence.online - online), len(free)

    def hold(self, new: Visit) -> Problems:
        found = self.place(new.presence, new.start, new.patient, others_float=True)
        if not found:
            new.expires_at = self.now + HOLD
            new.becomes("held", "SlotHeld", self.now)
        return found

    def book(self, new: Visit) -> Problems:
        found = self.place(new.presence, new.start, new.patient, channel=new.channel, others_float=True)
        if not found:
            new.becomes("booked", "SlotBooked", self.now)
        return found

    def confirm(self, hold: Visit, patient: str) -> Problems:
        if hold.state == "expired" or self.is_over(hold):
            return frozenset({"hold-expired", "hold-for-another-patient"})
        if hold.state == "cancelled" and not hold.presence.is_open:
            return frozenset({"session-cancelled", "hold-for-another-patient"})
        if hold.state == "cancelled" and hold.end > hold.presence.end:
            return frozenset({"outside-session", "hold-for-another-patient"})
        if hold.state != "held":
            return frozenset({"wrong-transition", "hold-for-another-patient"})
        if hold.patient not in (None, patient):
            return frozenset({"hold-for-another-patient"})
        if hold.patient is None and (found := self._make_room(frozenset({("patient", patient)}), hold.start, hold)):
            return found
        hold.patient = patient
        hold.becomes("booked", "SlotBooked", self.now)
        return FINE

    def move(self, visit: Visit, presence: Presence, start: datetime) -> Problems:
        if visit.state != "booked":
            return frozenset({"wrong-transition"})
        found = self.place(presence, start, visit.patient, visit, visit.channel, others_float=True)
        if not found:
            visit.presence, visit.start, visit.is_lost = presence, start, False
            visit.becomes("booked", "SlotMoved", self.now)
        return found

    def cancel(self, visit: Visit) -> Problems:
        if visit.state not in {"held", "booked"} | WAITING:
            return frozenset({"wrong-transition"})
        may_rest = visit.state != "held" and not visit.is_lost
        self._give_up(visit)
        if may_rest:
            self._rest(visit)
        return FINE

    def excuse(self, visit: Visit) -> Problems:
        may_rest = not visit.is_lost
        found = self.step(visit, "booked no_show", "excused", "SlotCancelled")
        if may_rest and not found:
            self._rest(visit)
        return found

    def arrive(self, visit: Visit) -> Problems:
        if visit.state != "booked":
            return frozenset({"wrong-transition"})
        if visit.start.astimezone(PARIS).date() != self.now.astimezone(PARIS).date():
            return frozenset({"not-the-day"} | self._gone(visit))
        if self._waits(visit):
            return frozenset({"patient-already-waiting"} | self._gone(visit))
        return self._gone(visit) or self.step(visit, "booked", "arrived", "PatientArrived")

    def no_show(self, visit: Visit) -> Problems:
        if visit.state == "booked" and self.now < visit.start:
            return frozenset({"too-early"} | self._gone(visit))
        return self._gone(visit) or self.step(visit, "booked", "no_show", "PatientNoShow")

    def leave(self, visit: Visit) -> Problems:
        return self._gone(visit) or self.step(visit, "arrived in_preparation", "left_unseen", "PatientLeftUnseen")

    def _gone(self, visit: Visit) -> Problems:
        is_asked = visit.is_lost and visit.state in WAITING | {"booked"}
        return frozenset({"place-lost", "wrong-transition"}) if is_asked else FINE

    def correct(self, visit: Visit) -> Problems:
        """The state before the last one again, once, on the same day, if the place can be had again."""
        changes = [(before, last) for before, last in pairwise(visit.trail) if before[0] != last[0]]
        if not changes:
            return frozenset({"nothing-to-correct"})
        (before, _, _), (last, day, was_correction) = changes[-1]
        if was_correction:
            return frozenset({"already-corrected"})
        if before == "held" or last in ("held", "booked", "expired"):
            return frozenset({"nothing-to-correct"})
        if day != self.now.astimezone(PARIS).date():
            return frozenset({"correction-too-late"})
        found = set()
        if before in WAITING and visit.state not in WAITING and self._waits(visit):
            found.add("patient-already-waiting")
        if visit.is_free:
            if not visit.presence.is_open:
                found.add("session-cancelled")
            if visit.end > visit.presence.end:
                found.add("outside-session")
            if not self.is_covered(visit.presence, visit.start):
                found.add("no-supervisor")
            if not self.admits(visit.presence, visit.channel, visit):
                found.add("class-not-released")
        if not found and (again := needed(visit, before) - visit.resources):
            found |= self._make_room(again, visit.start, visit)
        if not found:
            visit.rests_until = None
            visit.becomes(before, "StatusCorrected", self.now, is_correction=True)
        return frozenset(found)

    def step(self, visit: Visit, sources: str, state: str, event: str) -> Problems:
        """A step that only its state allows or not; `sources` are states, separated by blanks."""
        if visit.state not in sources.split():
            return frozenset({"wrong-transition"})
        visit.becomes(state, event, self.now)
        return FINE

    def expire_holds(self) -> None:
        for each in self.visits:
            if self.is_over(each):
                each.becomes("expired", "HoldExpired", self.now)
            elif self.has_rested(each):
                each.rests_until = None

    def release_shares(self) -> None:
        for each in self.presences:
            if each.is_told or not each.online or self.now < each.release_at:
                continue
            each.is_told = True
            if each.is_open and self._left(each)[0]:
                each.events.append("CapacityReleased")

    # --- together, and unnoticed ----------------------------------------------------------------------------

    def must_seat(
        self,
        patients: list[str],
        opens: datetime,
        closes: datetime,
        asked: str | None = None,
        *,
        others_float: bool = False,
    ) -> bool:
        """Whether one practitioner has consecutive places at which nobody stands, unless they may float, and these
        patients are free; whoever is over stands nowhere. Where this is not so a family may still be seen by several.
        """
        for each in self.presences:
            if not each.is_open or not each.is_for_anybody or asked not in (None, each.professional):
                continue
            starts = [start for start in each.starts if max(opens, self.now) <= start and start + VISIT <= closes]
            for first in starts:
                run = [first + n * GRID for n in range(len(patients))]
                if run[-1] not in starts or any(
                    self._meets(each.resources, start) and not (others_float and self._float(each, start, [], None))
                    for start in run
                ):
                    continue
                if any(
                    not any(
                        self._meets(frozenset({("patient", who)}), start)
                        for who, start in zip(seated, run, strict=True)
                    )
                    for seated in permutations(patients)
                ):
                    return True
        return False

    def drift(self) -> None:
        """A family may have made any of those change who named nobody."""
        self.adrift = [
            each
            for each in self.visits
            if each.state == "booked" and not (each.named or each.party or each.is_lost)
            and each.start - self.now >= FLOAT_NOTICE
        ]  # fmt: skip

    def adopt(self, where: dict[str, Presence]) -> bool:
        """After a command that may have made others change practitioner: which ones is up to the service, that all of
        them have a place is not. Whether somebody did."""
        changed = [each for each in self.adrift if where[each.id] is not each.presence]
        for each in changed:
            each.presence = where[each.id]
            each.becomes("booked", "SlotMoved", self.now)
            there = [other for other in self.visits if other.start == each.start and self._gives_way(other)]
            self._write_down(other for other in there if other.resources & each.presence.resources)
        self.adrift = []
        return bool(changed)

    def _float(self, wanted: Presence, start: datetime, over: list[Visit], leaving: Visit | None) -> list[Visit]:
        """Those who would change so that `wanted` is free at that hour, if all of them can have another place; what
        `leaving` gives up for it is free."""
        if start - self.now < FLOAT_NOTICE:
            return []
        fits = [p for p in self.presences if p.is_open and p.is_for_anybody and start in p.starts]
        able = [*(p for p in fits if p is not wanted), wanted]
        floating = [
            each
            for each in self.visits
            if each.state == "booked" and not (each.named or each.party or each.is_lost) and each.start == start
            and each.presence in able and each.presence.supervisor is None and each is not leaving
        ]  # fmt: skip
        if not any(each.presence is wanted for each in floating):
            return []
        gone = [*floating, *over, leaving]
        stay = [each for each in self.visits if each.start == start and each not in gone and not self._gives_way(each)]
        taken = {resource for each in stay for resource in each.resources}
        usable = [p for p in able if p is not wanted and p.resources.isdisjoint(taken)]
        return floating if len(usable) >= len(floating) else []

    def _meets(self, resources: frozenset[Resource], start: datetime) -> bool:
        standing = (each for each in self.visits if not self._gives_way(each))
        return any(each.start == start and each.resources & resources for each in standing)

    # --- what it looks like ---------------------------------------------------------------------------------

    def is_over(self, visit: Visit) -> bool:
        """A hold whose time is over, though nobody has written it down."""
        return visit.state == "held" and visit.expires_at is not None and visit.expires_at <= self.now

    def has_rested(self, visit: Visit) -> bool:
        """A place given up that is for all again, though nobody has written it down."""
        return visit.rests_until is not None and visit.rests_until <= self.now

    def occupancies(self) -> Iterator[tuple[str, str, datetime, datetime]]:
        """Visit, kind of resource, from, until: all that blocks."""
        for each in self.visits:
            for kind, _ in each.resources:
                yield each.id, kind, each.start, each.end

    def events(self) -> dict[str, list[str]]:
        """What was said of each aggregate, in order."""
        presences = {each.id: each.events for each in self.presences}
        return presences | {each.id: each.events for each in self.visits}

    def rows(self) -> dict[str, tuple[Any, ...]]:
        """Each appointment as a reader sees it."""
        return {
            each.id: (each.state, len(each.events), each.presence.id, each.patient, each.start, each.end)
            for each in self.visits
        }

    def _waits(self, visit: Visit) -> bool:
        same = [each for each in self.visits if each.patient == visit.patient and each.state in WAITING]
        return any(each.start.astimezone(PARIS).date() == visit.start.astimezone(PARIS).date() for each in same)

    def _make_room(
        self, resources: frozenset[Resource], start: datetime, leaving: Visit | None, floats: Presence | None = None
    ) -> Problems:
        over: list[Visit] = []
        standing: list[Visit] = []
        for each in self.visits:
            meets = each.start < start + VISIT and start < each.end
            if each is leaving or not meets or not each.resources & resources:
                continue
            (over if self._gives_way(each) else standing).append(each)
        adrift = self._float(floats, start, over, leaving) if floats and standing else []
        taken = {resource for each in standing if each not in adrift for resource in each.resources & resources}
        taken |= {("patient", each.patient or "") for each in adrift} & resources
        if taken:
            only_patient = all(kind == "patient" for kind, _ in taken)
            busy = frozenset({"patient-already-booked"})
            return busy if only_patient else frozenset({"slot-taken", "slot-resting"}) | (busy if adrift else FINE)
        self.adrift = adrift
        self._write_down(over)
        return FINE

    def _gives_way(self, visit: Visit) -> bool:
        return self.is_over(visit) or self.has_rested(visit)

    def _write_down(self, over: Iterable[Visit]) -> None:
        """That these holds and rests are over."""
        for each in over:
            if each.rests_until:
                each.rests_until = None
            else:
                each.becomes("expired", "HoldExpired", self.now)

    def _rest(self, visit: Visit) -> None:
        until = self.now + COOL_DOWN
        visit.rests_until = until if until < visit.start else None

    def _give_up(self, visit: Visit) -> None:
        if self.is_over(visit):
            visit.becomes("expired", "HoldExpired", self.now)
        else:
            visit.becomes("cancelled", "SlotCancelled", self.now)
