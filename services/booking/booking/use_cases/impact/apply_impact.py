"""Do what a dry run has shown: first the sessions, so that no new booking comes in, then one appointment after another.

The first step is one transaction: it compares the agenda with what the plan rests on, refuses with the difference, or
cuts the sessions and writes down what is to become of each appointment. From then on the plan is carried out by
`settle_impact`, whoever calls it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from booking import problems
from booking.domain.impact import ChangeKind, Decision, DefaultPolicy, Place, Promise
from booking.domain.rules import Rules
from booking.store import impacts
from booking.store.impacts import Item, StoredImpact, place_document
from booking.store.sessions import Author
from booking.use_cases.access import require_site
from booking.use_cases.impact.cut import Drafted, cut, draft_cut
from booking.use_cases.impact.figures import decide_by, to_be_told
from booking.use_cases.impact.options import Options, options_of
from booking.use_cases.impact.plan_impact import own_place, what_was_seen
from booking.use_cases.impact.read_impact import Progress, progress_of
from booking.use_cases.impact.scene import Scene, scene_of
from smp.auth import Actor
from smp.postgres import Transaction
from smp.problems import Refusal


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to become of one appointment; `proposal` (from 1) for a move, else the first that is still free."""

    decision: Decision
    proposal: int | None = None


@dataclass(frozen=True, slots=True)
class Application:
    """The policy, and what was decided otherwise for some."""

    policy: DefaultPolicy = DefaultPolicy.MOVE
    decisions: Mapping[UUID, Choice] = field(default_factory=dict)


async def apply_impact(
    tx: Transaction, id: UUID, request: Application, rules: Rules, *, actor: Actor, now: datetime
) -> Progress:
    """Begin to carry a plan out. One that is being carried out, or has been, is left as it is: its progress is told.

    Raises Refusal: IMPACT_UNKNOWN, FORBIDDEN, IMPACT_DECISION; IMPACT_CHANGED with the difference; those of an absence,
    a closure or a change of session.
    """
    impact = await impacts.lock(tx, id)
    if impact is None:
        raise Refusal(problems.IMPACT_UNKNOWN)
    for site in impact.sites:
        require_site(actor, site)
    if impact.state == "planned":
        await _begin(tx, impact, request, rules, actor, now)
    return await progress_of(tx, id)


async def _begin(
    tx: Transaction, impact: StoredImpact, request: Application, rules: Rules, actor: Actor, now: datetime
) -> None:
    items = await impacts.all_items(tx, impact.id)
    decided = _decided(request, items, impact.change.kind, now)
    drafted = await draft_cut(tx, impact.change, impact.sites, rules, actor=actor, now=now)
    scene = await scene_of(tx, impact.change, rules, now)
    difference = await _difference(tx, impact, items, scene, drafted, rules, now)
    if begun := _begun(request, items, impact, now):
        difference["begun"] = begun
    if difference:
        raise Refusal(problems.IMPACT_CHANGED, difference=difference)
    await cut(tx, drafted, {item.appointment for item in items}, rules, Author(actor.subject, now))
    await impacts.decide(tx, impact.id, [(who, choice.decision, choice.proposal) for who, choice in decided.items()])
    await impacts.begin(tx, impact.id, now, actor.subject)
    await impacts.finish(tx, impact.id, now)


def _decided(request: Application, items: Sequence[Item], kind: ChangeKind, now: datetime) -> dict[UUID, Choice]:
    by_policy = decide_by(request.policy, items, kind, now)
    by_id = {item.appointment: item for item in items}
    wrong = [
        who for who, choice in request.decisions.items() if who not in by_id or not _is_possible(choice, by_id[who])
    ]
    if wrong:
        raise Refusal(problems.IMPACT_DECISION, appointments=sorted(str(each) for each in wrong))
    return {who: request.decisions.get(who, Choice(decision)) for who, decision in by_policy.items()}


def _is_possible(choice: Choice, item: Item) -> bool:
    if item.is_spoken_to and choice.decision is Decision.CANCEL:
        return False  # no text would tell the patient
    if choice.decision is Decision.KEEP:
        return item.kept is not None
    if choice.decision is Decision.MOVE:
        return 1 <= (choice.proposal or 1) <= len(item.proposals)
    return choice.proposal is None


async def _difference(
    tx: Transaction,
    impact: StoredImpact,
    items: Sequence[Item],
    scene: Scene,
    drafted: Drafted,
    rules: Rules,
    now: datetime,
) -> dict[str, Any]:
    """What is not as it was seen by who planned; empty when the plan still holds."""
    seen, sees = impact.seen, what_was_seen(scene)
    options = await options_of(tx, scene, impact.searched, rules, now)
    found: dict[str, Any] = {
        "newly_hit": sorted({*sees["hits"], *map(str, drafted.losing)} - seen["hits"].keys()),
        "no_longer_hit": sorted(seen["hits"].keys() - sees["hits"].keys()),
        "changed": _changed(seen["hits"], sees["hits"]),
        "places_taken": [
            {"appointment": str(item.appointment), "place": place_document(place)}
            for item, place in _taken(items, scene, options)
        ],
        "reached_otherwise": await _reached_otherwise(tx, items, impact.change.kind),
        "sessions": sorted(seen["sessions"].keys() ^ sees["sessions"].keys())
        + _changed(seen["sessions"], sees["sessions"]),
    }
    return {what: which for what, which in found.items() if which}


def _taken(items: Sequence[Item], scene: Scene, options: Options) -> list[tuple[Item, Place]]:
    """The promised places that are not there any more, or not all of them together."""
    own = {each.id: own_place(each) for each in scene.hit}
    promised = [(item, place) for item in items if item.appointment in own for place in item.places]
    still = {
        (item.appointment, place): Promise(item.appointment, item.patient, there)
        for item, place in promised
        for there in options.places[item.appointment]
        if there == place
    }
    together = list(still.values())

    def holds(item: Item, place: Place) -> bool:
        found = still.get((item.appointment, place))
        return found is not None and options.counts.holds(found, together)

    return [(item, place) for item, place in promised if place != own[item.appointment] and not holds(item, place)]


async def _reached_otherwise(tx: Transaction, items: Sequence[Item], kind: ChangeKind) -> list[str]:
    """Those who must be told and whom a text reaches now and did not then, or no more."""
    told = [item for item in to_be_told(items, kind) if not item.is_spoken_to]
    reachable = await impacts.reachable(tx, {item.patient for item in told})
    return sorted(
        str(item.appointment)
        for item in told
        if (item.reachable_by_text is True) != (reachable.get(item.patient) is True)
    )


def _begun(request: Application, items: Sequence[Item], impact: StoredImpact, now: datetime) -> list[str]:
    """Those of whom the policy makes something else than was shown, because their hour has come."""
    shown, by_now = [decide_by(request.policy, items, impact.change.kind, at) for at in (impact.planned_at, now)]
    return sorted(str(who) for who in shown if who not in request.decisions and shown[who] != by_now[who])


def _changed(seen: Mapping[str, int], sees: Mapping[str, int]) -> list[str]:
    return sorted(each for each in seen.keys() & sees.keys() if seen[each] != sees[each])
