"""Ask what a change of the agenda would do, before anything is changed: the dry run."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from booking import problems
from booking.domain.appointments import WAITING, Appointment
from booking.domain.impact import Change, ChangeKind, Place, Seat, assign, shortlist
from booking.domain.rules import Rules
from booking.store import impacts
from booking.store.impacts import Item, StoredImpact
from booking.use_cases.access import require_site
from booking.use_cases.impact.figures import figures, fingerprint
from booking.use_cases.impact.options import hit_of, options_of
from booking.use_cases.impact.scene import Scene, scene_of
from smp.auth import Actor
from smp.ids import new_id
from smp.postgres import Transaction
from smp.problems import Refusal

LONGEST = timedelta(days=366)
_PER_TIER = 20  # places looked at for one appointment and tier


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with its lines."""

    impact: StoredImpact
    items: tuple[Item, ...]


async def plan_impact(tx: Transaction, change: Change, rules: Rules, *, actor: Actor, now: datetime) -> Planned:
    """Who would be hit, who could stay at their hour, where the others could go, who can be told by a text.

    Raises Refusal: PERIOD_TOO_LONG, PROFESSIONAL_UNKNOWN, SESSION_UNKNOWN, SESSION_CANCELLED, NOTHING_TO_CHANGE,
    SHARES_TOO_LARGE, SESSION_OVERLAP, SITE_UNKNOWN, IN_CONSULTATION, FORBIDDEN for a site where the actor does not
    work.
    """
    if change.period and change.period.length > LONGEST:
        raise Refusal(problems.PERIOD_TOO_LONG, days=LONGEST.days)
    if change.site:
        require_site(actor, change.site)
    scene = await scene_of(tx, change, rules, now)
    for site in scene.sites:
        require_site(actor, site)
    if change.kind is ChangeKind.SESSION_CHANGE and all(cut.session.period == change.period for cut in scene.cuts):
        raise Refusal(problems.NOTHING_TO_CHANGE)
    searched = await _where_to_search(tx, scene, actor)
    items = await _items(tx, scene, searched, rules, now)
    seen = {**what_was_seen(scene), "searched": [str(site) for site in searched]}
    planned = StoredImpact(
        id=new_id(),
        territory=scene.territory,
        sites=scene.sites,
        change=change,
        fingerprint=fingerprint(seen, items),
        seen=seen,
        figures=figures(items, change.kind, now),
        planned_at=now,
        planned_by=actor.subject,
    )
    await impacts.insert(tx, planned, items)
    return Planned(planned, tuple(items))


def what_was_seen(scene: Scene) -> dict[str, dict[str, int]]:
    """The sessions and appointments that a plan rests on, each with its version."""
    return {
        "sessions": {str(cut.session.id): cut.stored.version for cut in scene.cuts},
        "hits": {str(each.id): each.version for each in sorted(scene.hit, key=lambda each: each.id)},
    }


async def _where_to_search(tx: Transaction, scene: Scene, actor: Actor) -> tuple[UUID, ...]:
    """The sites of the territory where the actor works; none when nobody loses their place."""
    if scene.change.kind is ChangeKind.SITE_MOVED or not scene.hit:
        return ()
    return tuple(site for site in await impacts.sites_of_territory(tx, scene.sites[0]) if actor.covers_site(site))


async def _items(tx: Transaction, scene: Scene, searched: Sequence[UUID], rules: Rules, now: datetime) -> list[Item]:
    by_id = {each.id: each for each in scene.hit}
    reachable = await impacts.reachable(tx, {each.patient for each in scene.hit if each.patient})
    return [
        _item(rank, by_id[seat.appointment], seat, reachable)
        for rank, seat in enumerate(await _seats(tx, scene, searched, rules, now), start=1)
    ]


async def _seats(tx: Transaction, scene: Scene, searched: Sequence[UUID], rules: Rules, now: datetime) -> list[Seat]:
    if scene.change.kind is ChangeKind.SITE_MOVED:
        in_order = sorted(scene.hit, key=lambda each: (each.period.start, each.id.int))
        return [Seat(each.id, own_place(each)) for each in in_order]
    options = await options_of(tx, scene, searched, rules, now)
    hits = []
    for each in scene.hit:
        hit = hit_of(each, ())
        choice = shortlist(hit, options.places[each.id], scene.zone, now, rules.impact_notice, _PER_TIER)
        hits.append(hit_of(each, choice))
    return assign(hits, scene.zone, now, rules.impact_notice, options.counts.holds)


def own_place(it: Appointment) -> Place:
    """Where an appointment stands."""
    return Place(it.session, it.site, it.professional, it.role, it.mode, it.period)


def _item(rank: int, it: Appointment, seat: Seat, reachable: dict[UUID, bool]) -> Item:
    assert it.patient is not None
    item = Item(
        appointment=it.id,
        rank=rank,
        patient=it.patient,
        compartment=it.compartment,
        version=it.version,
        session=it.session,
        start=it.period.start,
        kept=seat.kept,
        proposals=seat.proposals,
        reachable_by_text=reachable.get(it.patient),
        here=it.state in WAITING,
    )
    return replace(item, reachable_by_text=False) if item.is_spoken_to else item
