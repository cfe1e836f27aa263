"""Free time of a session finds who waits for it: the first in order whom it suits is offered a place of it.

An offer is a hold, made as any hold is, so that all that refuses a hold refuses an offer; the exclusion constraint
keeps it from everybody else. One process at a time offers places of a site, so that the order of the list holds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from uuid import UUID

from booking.domain.appointments import OFFERS
from booking.domain.availability import Slot
from booking.domain.capacity import class_of
from booking.domain.intervals import Interval
from booking.domain.kinds import Compartment, Kind
from booking.domain.local_time import local_day, whole_day
from booking.domain.offers import Offer, Reachable, deadline
from booking.domain.people import Site
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.domain.waiting_list import Entry, EntryState, in_order
from booking.store import offers, projections, waiting_list
from booking.use_cases.appointments.hold_slot import HoldRequest, hold_slot
from booking.use_cases.availability.find_places import partners_of
from booking.use_cases.availability.search_availability import free_slots
from booking.use_cases.calendar.public_holidays import public_holidays
from booking.use_cases.kinds.kind_book import kind_on
from booking.use_cases.waiting_list import announcing_waiting
from smp.auth import Actor
from smp.ids import new_id
from smp.postgres import Transaction
from smp.problems import Refusal

BY = "booking.offer-places"
_AS_THE_DESK = frozenset({"coordinator"})  # which gives appointments of every compartment

Answered = Iterable[tuple[UUID, Interval]]
"""Sessions and times that somebody was offered and did not take."""


class Outcome(Enum):
    """What a look at some free time has led to."""

    OFFERED = auto()
    NOBODY = auto()  # whom it suits and who may be asked now
    BUSY = auto()  # it suits somebody whom another transaction is at


@dataclass(frozen=True, slots=True)
class Where:
    """A site, when its patients may be asked, and at what instant they are."""

    site: Site
    reachable: Reachable
    now: datetime
    rules: Rules

    @classmethod
    async def at(cls, tx: Transaction, site: UUID, rules: Rules, now: datetime) -> "Where | None":
        found = await projections.site(tx, site)
        if found is None:
            return None
        it, year = rules.offers, now.year
        days_off = public_holidays(found.subdivision, (year, year + 1))
        return cls(found, Reachable(found.zone, it.opens, it.closes, it.weekdays, days_off), now, rules)

    async def candidates(self, tx: Transaction, kinds: Iterable[str]) -> list[Entry]:
        """Who may be asked now about places of these kinds."""
        today = local_day(self.now, self.site.zone)
        day = whole_day(today, self.site.zone)
        return await waiting_list.candidates(tx, self.site.id, kinds, self.now, day, self.rules.offers.per_day, today)

    async def free(self, tx: Transaction, kind: Kind, window: Interval, patient: UUID | None = None) -> list[Slot]:
        """Free slots that start in a window, what rests among them."""
        return await free_slots(
            tx, self.site.id, kind, window, self.now, patient, class_of(kind.capacity_class, OFFERS),
            rules=self.rules, partners=partners_of(kind, None), first_call=True,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """A slot that suits somebody, how they would be seen, and by when they must answer."""

    slot: Slot
    kind: Kind
    mode: str
    answer_by: datetime


async def offer_time(tx: Transaction, where: Where, session: Session, window: Interval) -> Outcome:
    """One offer to the first in order who wants some of this free time of a session."""
    await offers.one_look_at_a_time(tx, where.site.id)
    waiting = await where.candidates(tx, session.kinds)
    if not waiting:
        return Outcome.NOBODY
    free = await _free(tx, where, session, window, frozenset().union(*(entry.wishes.kinds for entry in waiting)))
    answered = await waiting_list.answered(tx, [entry.id for entry in waiting]) if free else {}
    is_busy = False
    for entry in in_order(waiting):
        found = choices(entry, where, free, answered.get(entry.id, ()))
        outcome = await _offer_to(tx, entry, found, where) if found else Outcome.NOBODY
        if outcome is Outcome.OFFERED:
            return outcome
        is_busy |= outcome is Outcome.BUSY
    return Outcome.BUSY if is_busy else Outcome.NOBODY


def choices(entry: Entry, where: Where, free: Iterable[tuple[Slot, Kind]], answered: Answered) -> list[Choice]:
    """Slots that this person wants and was not asked about, the earliest first."""
    wishes, refused = entry.wishes, list(answered)
    found: list[Choice] = []
    for slot, kind in sorted(free, key=lambda each: (each[0].period.start, each[1].code, each[0].session.int)):
        mode = wishes.mode_among(kind.modes)
        answer_by = deadline(slot.period.start, where.now, where.rules.offers, where.reachable)
        if (
            kind.code in wishes.kinds
            and mode is not None
            and answer_by is not None
            and wishes.hold(slot.site, slot.professional, slot.period, where.site.zone)
            and not any(slot.session == session and slot.period.overlaps(time) for session, time in refused)
        ):
            found.append(Choice(slot, kind, mode, answer_by))
    return found


async def _free(
    tx: Transaction, where: Where, session: Session, window: Interval, wanted: frozenset[str]
) -> list[tuple[Slot, Kind]]:
    """Free slots of the session that need some of the window, for the kinds that somebody wants."""
    found: list[tuple[Slot, Kind]] = []
    for code in sorted(session.kinds & wanted):
        kind = await kind_on(tx, where.rules, code, session.territory, session.day)
        start = max(where.now, window.start - kind.length)
        if start < window.end:
            slots = await where.free(tx, kind, Interval(start, window.end))
            found += [
                (slot, kind)
                for slot in slots
                if slot.session == session.id and kind.around(slot.period).overlaps(window)
            ]
    return found


async def _offer_to(tx: Transaction, entry: Entry, found: Sequence[Choice], where: Where) -> Outcome:
    """Hold the first place that can be had and is sooner than what the patient has."""
    locked = await waiting_list.lock_free(tx, entry.id, where.now.date())
    if locked is None:
        return Outcome.BUSY
    if locked.version != entry.version or locked.state is not EntryState.WAITING:
        return Outcome.NOBODY  # whoever changed it has asked for a second look
    later = await waiting_list.to_replace(tx, locked, where.now)
    for choice in found:
        if later is not None and later[1] <= choice.slot.period.start:
            break
        if await _hold(tx, locked, choice, later[0] if later else None, where):
            return Outcome.OFFERED
    return Outcome.NOBODY


async def _hold(tx: Transaction, entry: Entry, choice: Choice, replaces: UUID | None, where: Where) -> bool:
    """Hold the place and offer it. The offer is written first, for its index decides who may be asked."""
    slot, kind, now = choice.slot, choice.kind, where.now
    offer = Offer(
        id=new_id(),
        territory=entry.territory,
        entry=entry.id,
        patient=entry.patient,
        appointment=new_id(),
        site=slot.site,
        session=slot.session,
        professional=slot.professional,
        kind=kind.code,
        period=slot.period,
        offered_at=now,
        answer_by=choice.answer_by,
        replaces=replaces,
    )
    who = Actor(BY, _AS_THE_DESK, frozenset({"*"}), frozenset({entry.territory}), "service")
    request = HoldRequest(
        slot.session, slot.period.start, kind.code, entry.patient, choice.mode, OFFERS, entry.joined_at,
        id=offer.appointment, expires_at=offer.answer_by, replaces=offer.replaces, first_call=True,
    )  # fmt: skip
    try:
        async with tx.savepoint():  # of an offer that is not made nothing stays
            if not await offers.insert(tx, offer):
                return False
            hold = await hold_slot(tx, request, where.rules, actor=who, now=now)
    except Refusal:
        return False
    after = entry.step("offered", now, BY)
    await waiting_list.save(tx, after)
    announcing_waiting.offered(tx, after, offer, hold, entry.compartment is not Compartment.SILENT, now)
    return True
