"""Freed places find who waits for them: one exclusive offer at a time.

Every freed place is looked at once, by one process (SKIP LOCKED). An offer is a hold, made as any hold is, so that
all that refuses a hold refuses an offer; the exclusion constraint keeps it from everybody else. A place with nobody to
offer it to is everybody's. Each look is a transaction of its own: one offer at most, one bad row stops nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from booking.domain.availability import Slot
from booking.domain.capacity import class_of
from booking.domain.intervals import Interval
from booking.domain.kinds import Compartment, Kind
from booking.domain.local_time import local_day, whole_day
from booking.domain.offers import Offer, Reachable, deadline, too_far
from booking.domain.people import Site
from booking.domain.rules import Rules
from booking.domain.sessions import Session
from booking.domain.waiting_list import Entry, EntryState, in_order
from booking.store import appointments, offers, projections, waiting_list
from booking.store.offers import FreedPlace
from booking.use_cases.appointments.hold_slot import HoldRequest, hold_slot
from booking.use_cases.availability.search_availability import free_slots
from booking.use_cases.calendar.public_holidays import public_holidays
from booking.use_cases.kinds.kind_book import kind_on
from booking.use_cases.waiting_list import announcing_waiting
from smp.auth import Actor
from smp.ids import new_id
from smp.logging import log, where
from smp.postgres import Database, Scope, Transaction, is_transient
from smp.problems import Refusal

BY = "booking.offer-places"
CHANNEL = "waiting_list"
_AS_THE_DESK = frozenset({"coordinator"})  # which gives appointments of every compartment
_SET_ASIDE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _Opening:
    """Free time of one session, with all that an offer there needs to know."""

    session: Session
    window: Interval
    site: Site
    reachable: Reachable
    kinds: Mapping[str, Kind]
    slots: Mapping[str, list[Slot]]


@dataclass(frozen=True, slots=True)
class _Choice:
    """A slot that suits somebody, how they would be seen, and by when they must answer."""

    slot: Slot
    kind: Kind
    mode: str
    answer_by: datetime


async def offer_places(database: Database, rules: Rules, now: datetime) -> int:
    """The job: look at every freed place until the queue is empty. Returns how many offers were made."""
    made = 0
    while (done := await _look(database, rules, now)) is not None:
        made += done
    return made


async def _look(database: Database, rules: Rules, now: datetime) -> int | None:
    """Look at one freed place; nothing when there is none left."""
    place: FreedPlace | None = None
    try:
        async with database.transaction(Scope.everywhere()) as tx:
            place = await offers.take_freed(tx, now)
            return None if place is None else await _settle(tx, place, rules, now)
    except Exception as error:
        if place is None or is_transient(error):
            raise
        log.error("freed place set aside", place=place.id, error=type(error).__name__, at=where(error))
        async with database.transaction(Scope.everywhere()) as tx:
            await offers.put_off_freed(tx, place.id, now + _SET_ASIDE)
        return 0


async def _settle(tx: Transaction, place: FreedPlace, rules: Rules, now: datetime) -> int:
    """Make one offer and keep the place in the queue, for there may be room for another; else put it off until
    somebody can be reached, or leave it to everybody."""
    await tx.rescope(Scope(frozenset({place.territory})))
    for session in await offers.sessions_of_freed(tx, place):
        window = place.period.clipped(session.period)
        site = await projections.site(tx, session.site)
        if window is None or site is None or window.end <= now or too_far(window.start, now, rules.offers):
            continue
        reachable = reachable_at(site, rules, now)
        if (ask_at := reachable.from_(now)) > now:
            if ask_at >= window.end:
                continue
            await offers.put_off_freed(tx, place.id, ask_at)
            return 0
        if await _offer(tx, session, window, site, reachable, rules, now):
            return 1
    if place.appointment is not None:
        await appointments.end_rest(tx, place.appointment)  # nobody waits for it: it need not rest
    await offers.forget_freed(tx, place.id)
    return 0


def reachable_at(site: Site, rules: Rules, now: datetime) -> Reachable:
    """When the site answers and its patients may be asked, this year and next."""
    it, year = rules.offers, now.year
    return Reachable(site.zone, it.opens, it.closes, it.weekdays, public_holidays(site.subdivision, (year, year + 1)))


async def _offer(
    tx: Transaction, session: Session, window: Interval, site: Site, reachable: Reachable, rules: Rules, now: datetime
) -> bool:
    """One offer to the first in order who wants some of this free time; False when nobody does."""
    today = local_day(now, site.zone)
    day = whole_day(today, site.zone)
    waiting = await waiting_list.candidates(tx, site.id, session.kinds, now, day, rules.offers.per_day, today)
    if not waiting:
        return False
    codes = session.kinds & frozenset().union(*(entry.wishes.kinds for entry in waiting))
    kinds = {code: await kind_on(tx, rules, code, session.territory, session.day) for code in sorted(codes)}
    slots = {code: await _free(tx, session, window, kind, rules, now) for code, kind in kinds.items()}
    opening = _Opening(session, window, site, reachable, kinds, slots)
    answered = await waiting_list.answered(tx, [entry.id for entry in waiting], session.id)
    for entry in in_order(waiting):
        choices = list(_choices(entry, opening, answered.get(entry.id, []), rules, now))
        if choices and await _offer_to(tx, entry, choices, rules, now):
            return True
    return False


async def _free(
    tx: Transaction, session: Session, window: Interval, kind: Kind, rules: Rules, now: datetime
) -> list[Slot]:
    """Free slots of the session that need some of the freed time."""
    start = max(now, window.start - kind.length)
    if start >= window.end:
        return []
    share = class_of(kind.capacity_class, CHANNEL)
    found = await free_slots(
        tx, session.site, kind, Interval(start, window.end), now, capacity_class=share, rules=rules, first_call=True
    )
    return [slot for slot in found if slot.session == session.id and kind.around(slot.period).overlaps(window)]


def _choices(
    entry: Entry, opening: _Opening, answered: Iterable[Interval], rules: Rules, now: datetime
) -> Iterable[_Choice]:
    """Slots that this person wants and was not asked about, the earliest first."""
    wishes, zone = entry.wishes, opening.site.zone
    refused = list(answered)
    found = sorted(
        ((slot, opening.kinds[code]) for code in wishes.kinds & opening.kinds.keys() for slot in opening.slots[code]),
        key=lambda each: (each[0].period.start, each[1].code),
    )
    for slot, kind in found:
        mode = wishes.mode_among(kind.modes)
        answer_by = deadline(slot.period.start, now, rules.offers, opening.reachable)
        if (
            mode is not None
            and answer_by is not None
            and wishes.hold(slot.site, slot.professional, slot.period, zone)
            and not any(slot.period.overlaps(each) for each in refused)
        ):
            yield _Choice(slot, kind, mode, answer_by)


async def _offer_to(tx: Transaction, entry: Entry, choices: list[_Choice], rules: Rules, now: datetime) -> bool:
    """Hold the first place that can be had and is sooner than what the patient has; False when none can."""
    locked = await waiting_list.lock_free(tx, entry.id, now.date())
    if locked is None or locked.version != entry.version or locked.state is not EntryState.WAITING:
        return False
    later = await waiting_list.to_replace(tx, locked, now)
    for choice in choices:
        if later is not None and later[1] <= choice.slot.period.start:
            return False
        if await _hold(tx, locked, choice, later[0] if later else None, rules, now):
            return True
    return False


async def _hold(
    tx: Transaction, entry: Entry, choice: _Choice, replaces: UUID | None, rules: Rules, now: datetime
) -> bool:
    """Hold the place and offer it. The offer is written first, for its index decides who may be asked."""
    slot, kind = choice.slot, choice.kind
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
    if not await offers.insert(tx, offer):
        return False
    who = Actor(BY, _AS_THE_DESK, frozenset({"*"}), frozenset({entry.territory}), "service")
    request = HoldRequest(
        slot.session, slot.period.start, kind.code, entry.patient, choice.mode, CHANNEL, entry.joined_at,
        id=offer.appointment, expires_at=offer.answer_by, replaces=offer.replaces, first_call=True,
    )  # fmt: skip
    try:
        hold = await hold_slot(tx, request, rules, actor=who, now=now)
    except Refusal:
        await offers.take_back(tx, offer.id)
        return False
    after = entry.step("offered", now, BY)
    await waiting_list.save(tx, after)
    announcing_waiting.offered(tx, after, offer, hold, entry.compartment is not Compartment.SILENT, now)
    return True
