"""What a secretary reads first: how many are hit, kept, proposed something, reachable; and how each policy ends."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from booking.domain.impact import ChangeKind, Decision, DefaultPolicy, Seat, decide
from booking.store.impacts import Item, place_document

OUTCOME = {
    Decision.KEEP: "kept",
    Decision.MOVE: "moved",
    Decision.CANCEL: "cancelled",
    Decision.CALL: "call",
}


def figures(items: Sequence[Item], kind: ChangeKind, now: datetime) -> dict[str, Any]:
    """Counts over all hit appointments; `calls` = those whom no text can tell what becomes of them."""
    told = to_be_told(items, kind)
    return {
        "hit": len(items),
        "kept": sum(item.kept is not None for item in items),
        "displaced": sum(item.kept is None for item in items),
        "proposals": sum(len(item.proposals) for item in items),
        "without_proposal": sum(not item.places for item in items),
        "reachable_by_text": sum(item.reachable_by_text is True for item in told),
        "calls": sum(item.reachable_by_text is not True for item in told),
        "outcomes": {policy.value: outcomes(decide_by(policy, items, kind, now)) for policy in DefaultPolicy},
    }


def to_be_told(items: Iterable[Item], kind: ChangeKind) -> list[Item]:
    """Those whose patients must hear of the change: whoever keeps hour and address learns nothing new."""
    return [item for item in items if item.kept is None or kind is ChangeKind.SITE_MOVED]


def decide_by(policy: DefaultPolicy, items: Iterable[Item], kind: ChangeKind, now: datetime) -> dict[UUID, Decision]:
    """What the policy makes of each line. After a move of the site whoever a text cannot reach is called: the reminder
    that gives the new address will not reach them."""
    return {item.appointment: _decide(policy, item, kind, now) for item in items}


def outcomes(decided: dict[UUID, Decision]) -> dict[str, int]:
    """How many end how, if all goes as decided."""
    count = Counter(OUTCOME[decision] for decision in decided.values())
    return {outcome: count[outcome] for outcome in OUTCOME.values()}


def fingerprint(seen: dict[str, Any], items: Iterable[Item]) -> str:
    """One text for all that a plan rests on: sessions, hit appointments, and the places that were free."""
    places = [[str(item.appointment), *(place_document(place) for place in item.places)] for item in items]
    document = json.dumps([seen, places], sort_keys=True)
    return hashlib.sha256(document.encode()).hexdigest()


def _decide(policy: DefaultPolicy, item: Item, kind: ChangeKind, now: datetime) -> Decision:
    if kind is ChangeKind.SITE_MOVED:
        return Decision.KEEP if item.reachable_by_text else Decision.CALL
    seat = Seat(item.appointment, item.kept, item.proposals)
    return decide(seat, policy, by_text=item.start > now and not item.is_spoken_to)
