"""Whose practitioner changes, so that a place is free for one request more.

At one hour of a site, each practitioner receives one patient. Patients who asked for nobody in particular may go to
any practitioner who suits them; the request wants one of them. Everybody standing already has a place, so one
augmenting path decides (Berge 1957): it exists exactly when an assignment of all of them exists. It is the shortest
one: as few patients as possible change.
"""

from collections import deque
from collections.abc import Collection, Mapping
from uuid import UUID


def make_room(
    wanted: UUID, free: Collection[UUID], standing: Mapping[UUID, UUID], suits: Mapping[UUID, Collection[UUID]]
) -> list[tuple[UUID, UUID]] | None:
    """The moves (appointment, its new session) that free the session `wanted`, in an order in which each finds its new
    session free; nothing when there is no way.

    `free`: sessions that have nobody at that hour. `standing`: in which session each appointment that may float stands,
    one in each. `suits`: where it could go.
    """
    if wanted in free:
        return []
    holder = {session: appointment for appointment, session in standing.items()}
    came: dict[UUID, tuple[UUID, UUID]] = {}  # session: (who would come, from which session)
    reached, queue = {wanted}, deque([wanted])
    while queue:
        session = queue.popleft()
        mover = holder.get(session)
        if mover is None:
            continue  # somebody who stays
        for target in sorted(suits[mover]):
            if target in reached:
                continue
            reached.add(target)
            came[target] = mover, session
            if target in free:
                return _path(target, wanted, came)
            queue.append(target)
    return None


def _path(end: UUID, wanted: UUID, came: Mapping[UUID, tuple[UUID, UUID]]) -> list[tuple[UUID, UUID]]:
    moves = []
    while end != wanted:
        mover, origin = came[end]
        moves.append((mover, end))
        end = origin
    return moves
