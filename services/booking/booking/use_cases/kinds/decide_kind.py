"""A territory decides how a kind of appointment is given, from a day on."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from booking import problems
from booking.domain.kind_checks import fault_of
from booking.domain.kinds import Compartment, Kind
from booking.domain.local_time import local_day
from booking.domain.people import Site
from booking.domain.rules import Rules
from booking.store import kinds, projections
from booking.use_cases.access import require_site
from booking.use_cases.kinds import announcing_kinds
from booking.use_cases.kinds.kind_book import read_book
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import CONFLICT, Refusal

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class KindRequest:
    """Which kind, for the territory of which site, from which day on. `settings` are fields of `Kind`; those that are
    not named stay as they were decided last."""

    site: UUID
    code: str
    valid_from: date
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decided:
    """The new version of a kind, and the territory that decided it."""

    territory: str
    kind: Kind


async def decide_kind(tx: Transaction, request: KindRequest, rules: Rules, *, actor: Actor, now: datetime) -> Decided:
    """A change counts from tomorrow at the earliest, for somebody may be booking that kind right now; a kind that is
    new may start today.

    Raises Refusal: SITE_UNKNOWN, KIND_INCOMPLETE, KIND_TOO_SOON, KIND_CONTRADICTORY, CONFLICT, FORBIDDEN.
    """
    require_site(actor, request.site)
    site = await projections.site(tx, request.site)
    if site is None:
        raise Refusal(problems.SITE_UNKNOWN)
    former = (await read_book(tx, rules, site.territory)).versions.get(request.code, ())
    last = former[-1] if former else None
    _require_in_time(request, site, last is not None, now)
    kind = _decided(request, last)
    if fault := fault_of(kind):
        raise Refusal(problems.KIND_CONTRADICTORY, fault=fault)
    if not await kinds.insert(tx, site.territory, kind, now, actor.subject):
        raise Refusal(CONFLICT)
    announcing_kinds.decided(tx, site.territory, kind, now)
    return Decided(site.territory, kind)


def _require_in_time(request: KindRequest, site: Site, is_change: bool, now: datetime) -> None:
    earliest = local_day(now, site.zone) + (_A_DAY if is_change else timedelta())
    if request.valid_from < earliest:
        raise Refusal(problems.KIND_TOO_SOON, earliest=earliest.isoformat())


def _decided(request: KindRequest, last: Kind | None) -> Kind:
    if last is None and not request.settings.keys() >= {"duration", "roles"}:
        raise Refusal(problems.KIND_INCOMPLETE)
    start = last or Kind(request.code, request.settings["duration"], request.settings["roles"])
    kind = replace(start, **request.settings, valid_from=request.valid_from, version=start.version + 1)
    silent = kind.compartment is Compartment.SILENT and "neutral_wording" not in request.settings
    return replace(kind, neutral_wording=True) if silent else kind
