"""A minor emergency is seen today, here or elsewhere; with a red flag nothing is proposed but 15."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from booking import problems
from booking.domain.availability import Slot
from booking.domain.capacity import class_of
from booking.domain.intervals import Interval
from booking.domain.kinds import VIDEO, Kind
from booking.domain.local_time import local_day, whole_day
from booking.domain.people import Site
from booking.domain.platform_kinds import MINOR_EMERGENCY
from booking.domain.reasons import Reason
from booking.domain.red_flags import Form, form_on
from booking.domain.rules import Rules
from booking.store import agendas, minor_emergencies, projections
from booking.store.minor_emergencies import Answered, Counted
from booking.use_cases.access import require_channel, require_site
from booking.use_cases.availability.find_places import partners_of
from booking.use_cases.availability.no_place import why_none
from booking.use_cases.availability.note_demand import record
from booking.use_cases.availability.search_availability import free_slots
from booking.use_cases.kinds.kind_book import Part, book_of, kind_on, kinds_in
from smp.auth import Actor
from smp.contracts import DemandUnmet, MinorEmergencyAnswered
from smp.contracts.envelope import Event
from smp.postgres import Transaction
from smp.problems import Refusal

_SHOWN = 3


class Outcome(StrEnum):
    """What the secretary does next."""

    CALL_15 = "call_15"
    TODAY = "today"  # here
    ELSEWHERE_OR_LATER = "elsewhere_or_later"
    NO_PLACE = "no_place"


@dataclass(frozen=True, slots=True)
class MinorEmergency:
    """A call or a visit: `request` names it for as long as it lasts, `answers` are those of the form."""

    request: UUID
    site: UUID
    answers: Mapping[str, bool]
    channel: str = "phone"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A place, and the kind and mode to book it with."""

    slot: Slot
    kind: str
    mode: str


@dataclass(frozen=True, slots=True)
class Received:
    """What to do; with red flags, no place at all."""

    request: UUID
    outcome: Outcome
    reason: Reason | None = None  # why there is no place here today
    red_flags: frozenset[str] = frozenset()
    today: tuple[Proposal, ...] = ()
    other_sites: tuple[Proposal, ...] = ()
    video: tuple[Proposal, ...] = ()
    later: tuple[Proposal, ...] = ()


async def receive_minor_emergency(
    tx: Transaction, asked: MinorEmergency, rules: Rules, *, actor: Actor, now: datetime
) -> Received:
    """Places for today here; failing that, today at other sites, by video, or the next days. Books nothing; that there
    was no place here today is recorded as unmet demand, once per request.

    One flag is enough, whatever was not answered, and stays raised for this request. Raises Refusal: SITE_UNKNOWN,
    FORM_INCOMPLETE with what is missing, FORBIDDEN.
    """
    require_site(actor, asked.site)
    require_channel(actor, asked.channel)
    site = await projections.site(tx, asked.site)
    if site is None:
        raise Refusal(problems.SITE_UNKNOWN)
    day = local_day(now, site.zone)
    form = form_on(day)
    flags = {code for code, raised in asked.answers.items() if raised}
    flags |= await minor_emergencies.raised(tx, asked.request)
    if not flags and (missing := form.missing(asked.answers)):
        raise Refusal(problems.FORM_INCOMPLETE, missing=list(missing))
    answered = await minor_emergencies.note(
        tx, site.territory, asked.request, site.id, form.valid_from, flags, now, actor.subject
    )
    _say(tx, asked, site, form, answered, now)
    if answered.red_flags:
        return Received(asked.request, Outcome.CALL_15, red_flags=answered.red_flags)
    return await _Search(tx, asked, rules, site, actor, now).proposals()


async def how_many(tx: Transaction, site: UUID, day: date, *, actor: Actor) -> Counted:
    """How many were asked about on a day of the site, and how many were sent to 15.

    Raises Refusal: SITE_UNKNOWN, FORBIDDEN.
    """
    require_site(actor, site)
    where = await projections.site(tx, site)
    if where is None:
        raise Refusal(problems.SITE_UNKNOWN)
    return await minor_emergencies.count(tx, site, whole_day(day, where.zone))


def _say(tx: Transaction, asked: MinorEmergency, site: Site, form: Form, answered: Answered, now: datetime) -> None:
    """That the form was answered and whether it sent to 15; never which sign: it is why somebody called."""
    data = MinorEmergencyAnswered(
        request=asked.request,
        site=site.id,
        form=form.valid_from,
        sent_to_15=bool(answered.red_flags),
        channel=asked.channel,
        answered_at=now,
    )
    tx.publish(
        Event.of(
            data, subject=asked.request, territory=site.territory, site=site.id, sequence=answered.version, time=now
        )
    )


@dataclass(frozen=True, slots=True)
class _Search:
    """Places of the same-day class, nearest first in time: here today, else where and when else."""

    tx: Transaction
    asked: MinorEmergency
    rules: Rules
    site: Site
    actor: Actor
    now: datetime

    async def proposals(self) -> Received:
        day = local_day(self.now, self.site.zone)
        today = Interval(self.now, whole_day(day, self.site.zone).end)
        kind = await kind_on(self.tx, self.rules, MINOR_EMERGENCY, self.site.territory, day)
        if here := await self._places([self.site.id], [(kind, today)]):
            return Received(self.asked.request, Outcome.TODAY, today=here[:_SHOWN])
        reason = await self._why_not_here(kind, whole_day(day, self.site.zone))
        sites = await minor_emergencies.sites_open(self.tx, self.site.territory, day)
        elsewhere = await self._places([each for each in sites if each != self.site.id], [(kind, today)])
        video = await self._places(sites, [(each, today) for each in await self._by_video(day)])
        later = await self._later(sites, today.end)
        await self._record(kind, today, reason, {place.slot.site for place in elsewhere})
        outcome = Outcome.ELSEWHERE_OR_LATER if elsewhere or video or later else Outcome.NO_PLACE
        return Received(
            self.asked.request, outcome, reason,
            other_sites=elsewhere[:_SHOWN], video=video[:_SHOWN], later=later[:_SHOWN],
        )  # fmt: skip

    async def _record(self, kind: Kind, today: Interval, reason: Reason, with_room: Collection[UUID]) -> None:
        unmet = DemandUnmet(
            need=self.asked.request,
            site=self.site.id,
            kind=kind.code,
            channel=self.asked.channel,
            reason=reason,
            start=today.start,
            end=today.end,
            named_professional=False,
            nearest_site=await self._nearest(with_room),
            asked_at=self.now,
        )
        await record(self.tx, unmet, self.site.territory, self.actor)

    async def _nearest(self, with_room: Collection[UUID]) -> UUID | None:
        distances = await agendas.distances(self.tx, self.rules.way)
        return next((site for _, site in distances.nearest(self.site.id, with_room)), None)

    async def _why_not_here(self, kind: Kind, day: Interval) -> Reason:
        withheld = await self._free(self.site.id, kind, day, None)
        return await why_none(self.tx, self.site, kind, day, self.rules, self.now, is_withheld=bool(withheld))

    async def _places(self, sites: Iterable[UUID], parts: Sequence[Part]) -> tuple[Proposal, ...]:
        """The places of these kinds at these sites, each in its window; on a tie here before elsewhere."""
        found = [
            Proposal(slot, kind.code, VIDEO if VIDEO in kind.modes else min(kind.modes))
            for site in sites
            for kind, window in parts
            for slot in await self._free(site, kind, window, class_of(kind.capacity_class, self.asked.channel))
        ]
        return tuple(sorted(found, key=self._rank))

    async def _free(self, site: UUID, kind: Kind, window: Interval, capacity_class: str | None) -> list[Slot]:
        return await free_slots(
            self.tx, site, kind, window, self.now,
            capacity_class=capacity_class, rules=self.rules, partners=partners_of(kind, None),
        )  # fmt: skip

    def _rank(self, place: Proposal) -> tuple[datetime, bool, int]:
        slot = place.slot
        return slot.period.start, slot.site != self.site.id, slot.professional.int

    async def _by_video(self, day: date) -> list[Kind]:
        return (await book_of(self.tx, self.rules, self.site.territory)).by_video(day)

    async def _later(self, sites: Iterable[UUID], start: datetime) -> tuple[Proposal, ...]:
        """Tomorrow at any site; failing that, later here; each of the kind as it is given on its day."""
        tomorrow = whole_day(local_day(start, self.site.zone), self.site.zone)
        span = Interval(start, start + self.rules.alternatives_span)
        return await self._places(sites, await self._given(tomorrow)) or await self._places(
            [self.site.id], await self._given(span)
        )

    async def _given(self, window: Interval) -> list[Part]:
        return await kinds_in(self.tx, MINOR_EMERGENCY, window, self.site, self.rules)
