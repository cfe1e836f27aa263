"""A supervisor who is away answers no telephone, unless they say so afterwards: the last word counts."""

from datetime import timedelta
from uuid import UUID

import pytest

from booking import problems
from booking.domain.impact import Change, ChangeKind
from booking.domain.intervals import Interval
from booking.domain.sessions import Session
from booking.use_cases.calendar.note_absence import AbsenceRequest, end_absence, note_absence
from booking.use_cases.calendar.shutting import Days
from booking.use_cases.supervision.recheck_supervision import recheck_supervision
from tests.booking.impact import AT_DAWN, apply, plan
from tests.booking.test_coverage import SOON, book, reach, unsupported
from tests.booking.world import MONDAY, NOW, RULES, SECRETARY, Centre, monday, refusal


async def covered_by_telephone(centre: Centre) -> tuple[UUID, Session]:
    """A supervisor who is to be reached all morning, and an intern's session that nothing else covers."""
    supervisor = await centre.doctor()
    session = await centre.session(await centre.intern_of(supervisor))
    await reach(centre, supervisor, "08:00", "13:00")
    return supervisor, session


async def note_away(centre: Centre, who: UUID) -> UUID:
    request = AbsenceRequest(centre.site, who, Days(MONDAY), "leave")
    async with centre.transaction() as tx:
        return (await note_absence(tx, request, RULES, actor=SECRETARY, now=NOW)).closure.id


async def recheck(centre: Centre) -> list[UUID]:
    """Who is covered by nobody, once all asked days have been looked at."""
    await recheck_supervision(centre.database, RULES, SOON)
    return [each.unsupported.it.id for each in await unsupported(centre)]


async def test_an_absence_ends_the_reach_and_its_end_brings_it_back(centre: Centre) -> None:
    supervisor, session = await covered_by_telephone(centre)
    booked = (await book(centre, session, "09:00")).appointment
    absence = await note_away(centre, supervisor)
    assert (await refusal(book(centre, session, "09:20"))).problem is problems.NO_SUPERVISOR
    assert await recheck(centre) == [booked.id]
    async with centre.transaction() as tx:
        await end_absence(tx, absence, None, RULES, actor=SECRETARY, now=NOW)
    assert await recheck(centre) == []
    await book(centre, session, "09:20")


async def test_whoever_says_while_away_that_they_answer_covers(centre: Centre) -> None:
    supervisor, session = await covered_by_telephone(centre)
    await note_away(centre, supervisor)
    later = NOW + timedelta(minutes=1)
    await reach(centre, supervisor, "09:00", "11:00", now=later)
    await book(centre, session, "09:20")
    assert (await refusal(book(centre, session, "11:20"))).problem is problems.NO_SUPERVISOR


@pytest.mark.parametrize("kind", [ChangeKind.ABSENCE, ChangeKind.SUPERVISOR_GONE])
@pytest.mark.parametrize("present", [False, True], ids=["telephone alone", "and a session"])
async def test_the_impact_of_a_supervisor_gone_hits_whom_the_telephone_covered(
    centre: Centre, kind: ChangeKind, present: bool
) -> None:
    supervisor, session = await covered_by_telephone(centre)
    if present:
        await centre.session(supervisor, room="9")
    early, late = [(await book(centre, session, hour)).appointment for hour in ("09:00", "11:40")]
    period = Interval(monday("07:45"), monday("11:00"))
    planned = await plan(centre, Change(kind, "practitioner_away", professional=supervisor, period=period))
    assert [item.appointment for item in planned.items] == [early.id]
    assert (await apply(centre, planned)).impact.state == "applied"
    await recheck_supervision(centre.database, RULES, AT_DAWN + timedelta(minutes=5))
    assert late.id not in [each.unsupported.it.id for each in await unsupported(centre)]
