"""Somebody needed an appointment and there was none to offer: said once per need, whoever asks again."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from booking import problems
from booking.domain.local_time import local_day
from booking.domain.reasons import Reason
from booking.domain.rules import Rules
from booking.store import demand, projections
from booking.use_cases.access import require_site
from booking.use_cases.appointments.placing import slot_document
from booking.use_cases.availability.agendas import Agendas
from booking.use_cases.availability.find_places import Nearest, Search, find_places
from smp.auth import Actor
from smp.contracts import DemandUnmet
from smp.contracts.envelope import Event
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class DemandRequest:
    """The search that found nothing. `need` names it for whoever asks again; else the patient, the kind, the site and
    the day do, or, without patient, this very command (`key`)."""

    search: Search
    key: str
    need: UUID | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """What is known of the need; `is_new` the first time."""

    need: UUID
    site: UUID
    reason: Reason
    noted_at: datetime
    is_new: bool
    nearest: Nearest | None


async def note_demand(
    tx: Transaction, agendas: Agendas, request: DemandRequest, rules: Rules, *, actor: Actor, now: datetime
) -> Noted:
    """Search once more, and record that there is nothing.

    Raises Refusal: THERE_IS_ROOM with places, SITE_UNKNOWN, KIND_UNKNOWN, WINDOW_TOO_LONG, FORBIDDEN.
    """
    search = request.search
    require_site(actor, search.site)
    found = await find_places(tx, agendas, search, rules, actor=actor, now=now)
    if found.reason is None:
        raise Refusal(problems.THERE_IS_ROOM, alternatives=[slot_document(slot) for slot in found.slots[:3]])
    site = await projections.site(tx, search.site)
    assert site is not None  # the search has found it
    same_command = _digest(f"command {actor.subject} {request.key}")
    same_patient = search.patient and need_of([search.patient], local_day(now, site.zone), search.together_with)
    data = DemandUnmet(
        need=request.need or same_patient or same_command,
        site=site.id,
        kind=search.kind,
        channel=search.channel,
        reason=found.reason,
        start=search.start,
        end=search.end,
        named_professional=search.professional is not None,
        together_with=search.together_with,
        nearest_site=found.nearest and found.nearest.site,
        asked_at=now,
    )
    if not await record(tx, data, site.territory, actor):
        before = await demand.recorded(tx, site.id, data.need, search.kind)
        assert before is not None  # it is never deleted
        return Noted(data.need, site.id, Reason(before[0]), before[1], False, found.nearest)
    return Noted(data.need, site.id, found.reason, now, True, found.nearest)


async def record(tx: Transaction, it: DemandUnmet, territory: str, actor: Actor) -> bool:
    """Write the need down and say it; False when it was recorded before."""
    site, at = it.site, it.asked_at
    sequence = await demand.record(tx, site, it.need, it.kind, territory, it.reason, at, actor.subject)
    if sequence is None:
        return False
    tx.publish(Event.of(it, subject=site, territory=territory, site=site, sequence=sequence, time=at))
    return True


def need_of(patients: Iterable[UUID], day: date, together_with: str | None = None) -> UUID:
    """The same for the same patients and company on the same day."""
    company = f" with {together_with}" if together_with else ""
    return _digest(f"patient {' '.join(sorted(map(str, patients)))} {day}{company}")


def _digest(who: str) -> UUID:
    """It tells nobody who asked."""
    return UUID(bytes=hashlib.blake2b(who.encode(), digest_size=16).digest())
