"""Sessions that no rule speaks for, opened by date or edited, come back when the closure or the absence that cut them
ends earlier: a whole is what it was, less what is closed or away still. Not when somebody has changed, cancelled or
opened something there meanwhile, nor when its professional works there no more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from booking.domain.reshaping import follow, parts_of
from booking.domain.sessions import Session
from booking.store import closures
from booking.store.closures import CutSession
from booking.store.sessions import Opening, StoredSession
from booking.use_cases.calendar.agenda import Agenda
from booking.use_cases.calendar.following import Draft, Followed, Kept, LeftAlone
from booking.use_cases.calendar.planning import contract_at
from booking.use_cases.calendar.reshaping import Change, Reshaping
from smp.ids import new_id
from smp.postgres import Database, Scope, Transaction

_KEPT = timedelta(days=7)  # over everywhere, whatever the clocks
REJOINED = "rejoined"  # said of a part that is one again with another


@dataclass(frozen=True, slots=True)
class Restored:
    """What becomes of one whole: the parts there are to be, and what has to be done for it."""

    whole: StoredSession
    cut: CutSession
    parts: tuple[Session, ...]
    reshaping: Reshaping

    @property
    def is_whole(self) -> bool:
        return [part.period for part in self.parts] == [self.cut.period]


def cut_of(stored: StoredSession, openings: Iterable[Opening]) -> list[CutSession]:
    """What to remember of a session that is cut now: itself and the further parts that are opened."""
    it = stored.session
    ids = [it.id, *(each.session.id for each in openings)]
    return [CutSession(id, it.id, it.territory, it.period, it.site, it.professional) for id in ids]


def restored(cuts: Iterable[CutSession], stored: Iterable[StoredSession], days: Agenda) -> list[Restored]:
    """What each cut session becomes on the agenda as it is now."""
    known = {each.session.id: each for each in stored}
    wholes: dict[UUID, list[CutSession]] = {}
    for each in cuts:
        wholes.setdefault(each.whole, []).append(each)
    return [
        _restored(known[whole], parts, known, days)
        for whole, parts in sorted(wholes.items())
        if whole in known and _works_there(known[whole].session, days)
    ]


def with_restored(draft: Draft, found: Sequence[Restored]) -> Draft:
    """The same draft with these sessions; their days are not listed as left alone."""
    days = {(origin.rule, origin.day) for each in found if (origin := each.whole.origin)}
    return replace(
        draft,
        reshaping=Reshaping(
            (*draft.reshaping.changes, *(change for each in found for change in each.reshaping.changes)),
            (*draft.reshaping.openings, *(opening for each in found for opening in each.reshaping.openings)),
        ),
        left_alone=tuple(
            each for each in draft.left_alone if each.reason is not Kept.EDITED or (each.rule, each.day) not in days
        ),
    )


async def remember(tx: Transaction, found: Iterable[Restored], followed: Followed) -> Followed:
    """Forget the wholes that stand again, remember the new parts of the others; list what met another session."""
    done, missing = followed.done, []
    not_opened = {each.session.id for each in done.not_opened}
    left = {session.id for each in followed.left_alone for session in each.sessions}
    for each in found:
        lost = [opening.session for opening in each.reshaping.openings if opening.session.id in not_opened]
        if lost:
            session = each.whole.session
            missing.append(LeftAlone(each.whole.rule, session.day, Kept.OVERLAP, tuple(lost)))
        touched = {change.stored.session.id for change in each.reshaping.changes}
        if each.is_whole and not lost and not touched & left:
            await closures.forget_cut(tx, [each.whole.session.id])
            continue
        opened = [opening for opening in each.reshaping.openings if opening.session.id not in not_opened]
        await closures.note_cut(tx, cut_of(each.whole, opened))
    return replace(followed, left_alone=(*followed.left_alone, *missing))


async def forget_past(database: Database, now: datetime) -> None:
    """The job: what was cut and is over cannot come back."""
    async with database.transaction(Scope.everywhere()) as tx:
        await closures.forget_past_cut(tx, now - _KEPT)


def _restored(
    whole: StoredSession, parts: Sequence[CutSession], known: dict[UUID, StoredSession], days: Agenda
) -> Restored:
    cut, it = parts[0], whole.session
    grid = days.grid(it.territory, it.kinds, it.grid, it.day)
    away = [each.period for each in days.away(it.site, it.professional, it.room)]
    wanted = parts_of(replace(it, period=cut.period), away, grid)
    pieces = [known[each.session] for each in parts if each.session in known]
    here = {each.session: each for each in pieces if each.is_open}
    after, new = follow(sorted(here, key=_start), wanted)
    changes = tuple(Change(here[session], became, REJOINED) for session, became in after.items() if became != session)
    openings = tuple(Opening(replace(each, id=new_id()), whole.origin) for each in new)
    return Restored(whole, cut, wanted, Reshaping(changes, openings))


def _start(session: Session) -> datetime:
    return session.period.start


def _works_there(it: Session, days: Agenda) -> bool:
    site, who = days.sites.get(it.site), days.people.get(it.professional)
    if site is None or who is None or not contract_at(who, site).runs_on(it.day):
        return False
    return days.role(it.territory, it.professional, it.kinds, it.day) is not None
