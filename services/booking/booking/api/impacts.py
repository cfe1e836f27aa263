"""What a change of the agenda does to those who have an appointment: asked first, then done."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi import Query as Parameter
from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from booking import problems
from booking.api.agenda_parts import NOT_THEN, PERIOD, STAFF
from booking.api.parts import PROFESSIONAL, example, rules_of
from booking.api.rights import Right, allow
from booking.domain.appointments import State
from booking.domain.compartments import SEE
from booking.domain.desk_reasons import ImpactReason
from booking.domain.impact import Change, ChangeKind, Decision, DefaultPolicy, Place
from booking.domain.intervals import Interval
from booking.domain.kinds import Compartment
from booking.store.impacts import Item, ItemNow, StoredImpact
from booking.use_cases.impact.apply_impact import Application, Choice, apply_impact
from booking.use_cases.impact.plan_impact import Planned, plan_impact
from booking.use_cases.impact.read_impact import Progress, Report, read_impact
from booking.use_cases.impact.settle_impact import settle_impact
from smp.auth import Actor
from smp.bodies import Whole
from smp.http import Body, Command, Day, Instant, Query, describe
from smp.logging import log, where

router = APIRouter(prefix="/v1/impacts", tags=["impacts"])

SETTLED_AT_ONCE = 50  # lines settled before the answer; the job goes on with the others
_TWICE = PydanticCustomError("decided_twice", "one decision an appointment", {"fr": "une décision par rendez-vous"})
_WANTED = {
    ChangeKind.ABSENCE: {"professional", "start", "end"},
    ChangeKind.SUPERVISOR_GONE: {"professional", "start", "end"},
    ChangeKind.SESSION_CHANGE: {"session", "start", "end"},
    ChangeKind.SITE_CLOSED: {"site", "start", "end"},
    ChangeKind.SITE_MOVED: {"site", "from_day"},
}
_EXAMPLE_IMPACT = {
    "kind": "absence",
    "reason": "practitioner_away",
    "professional": PROFESSIONAL,
    "start": "2027-01-11T07:45:00+01:00",
    "end": "2027-01-12T00:00:00+01:00",
}


class PlanImpact(Body):
    """What is about to happen. An absence and the departure of a supervisor name the professional and the time; a
    session its new hours; a closed site the time; a moved site its first day at the new address."""

    model_config = example(_EXAMPLE_IMPACT)

    kind: ChangeKind
    reason: ImpactReason
    professional: UUID | None = None
    session: UUID | None = None
    site: UUID | None = None
    start: Instant | None = None
    end: Instant | None = None
    from_day: Day | None = None

    @model_validator(mode="after")
    def _says_what_its_kind_wants(self) -> Self:
        given = {
            name for name in ("professional", "session", "site", "start", "end", "from_day") if getattr(self, name)
        }
        if given != _WANTED[self.kind]:
            wanted = ", ".join(sorted(_WANTED[self.kind]))
            raise PydanticCustomError(
                "change_parts", "this kind of change is told by {wanted}", {"wanted": wanted, "fr": f"donnez {wanted}"}
            )
        if self.start and self.end and self.start >= self.end:
            raise PydanticCustomError(
                "end_before_start", "the end comes after the start", {"fr": "la fin suit le début"}
            )
        if any(each and (each.second or each.microsecond) for each in (self.start, self.end)):
            raise PydanticCustomError("whole_minutes", "hours are whole minutes", {"fr": "les heures sont à la minute"})
        return self

    def change(self) -> Change:
        period = Interval(self.start, self.end) if self.start and self.end else None
        return Change(self.kind, self.reason, self.professional, self.session, self.site, period, self.from_day)


class DecisionBody(Body):
    """What is to become of one appointment; `proposal` chooses a place (1 or 2), else the first that is still free."""

    appointment: UUID
    decision: Decision
    proposal: Annotated[Whole, Field(ge=1, le=2)] | None = None


class ApplyImpact(Body):
    """The policy for all, and what is decided otherwise for some."""

    model_config = example(
        {
            "policy": "move_to_first_proposal",
            "decisions": [{"appointment": "0199c0de-0000-7000-8000-0000000000cc", "decision": "call"}],
        }
    )

    policy: DefaultPolicy = DefaultPolicy.MOVE
    decisions: Annotated[tuple[DecisionBody, ...], Field(max_length=5_000)] = ()

    @model_validator(mode="after")
    def _decides_once(self) -> Self:
        if len({each.appointment for each in self.decisions}) < len(self.decisions):
            raise _TWICE
        return self

    def request(self) -> Application:
        return Application(
            self.policy, {each.appointment: Choice(each.decision, each.proposal) for each in self.decisions}
        )


class PlaceView(BaseModel):
    """A place that remains; `kind` where the appointment becomes one of another kind, by video."""

    session: UUID
    site: UUID
    professional: UUID
    role: str
    mode: str
    start: datetime
    end: datetime
    kind: str | None = None

    @classmethod
    def of(cls, it: Place) -> "PlaceView":
        return cls(
            session=it.session,
            site=it.site,
            professional=it.professional,
            role=it.role,
            mode=it.mode,
            start=it.period.start,
            end=it.period.end,
            kind=it.kind,
        )


class ItemView(BaseModel):
    """One hit appointment, in order of claim. `told_by`: how its patient can be told. Once decided, `decision`; once
    done, `outcome` (kept, moved, cancelled, call). `waiting`: somebody still has to settle it with the patient.
    The patient is hidden from who plans without reading."""

    appointment: UUID
    rank: int
    patient: UUID | None
    start: datetime
    told_by: str
    kept: PlaceView | None
    proposals: list[PlaceView]
    decision: str | None
    outcome: str | None
    by_hand: bool
    note: str | None
    settled_at: datetime | None
    state: State | None
    waiting: bool

    @classmethod
    def of(cls, it: Item, *, hides_patient: bool, now: ItemNow | None = None) -> "ItemView":
        return cls(
            appointment=it.appointment,
            rank=it.rank,
            patient=None if hides_patient else it.patient,
            start=it.start,
            told_by="text" if it.reachable_by_text else "call",
            kept=PlaceView.of(it.kept) if it.kept else None,
            proposals=[PlaceView.of(each) for each in it.proposals],
            decision=it.decision,
            outcome=it.outcome,
            by_hand=it.by_hand,
            note=it.note,
            settled_at=it.settled_at,
            state=None if hides_patient and it.compartment == Compartment.SILENT else now and now.state,
            waiting=now is not None and now.is_waiting,
        )


class Figures(BaseModel):
    """Over all hit appointments. `displaced` cannot keep their hour; `calls` cannot be told by a text what becomes of
    them; `outcomes`: how each policy would end."""

    hit: int
    kept: int
    displaced: int
    proposals: int
    without_proposal: int
    reachable_by_text: int
    calls: int
    outcomes: dict[str, dict[str, int]]


class ImpactView(BaseModel):
    """A plan: `state` planned, applying, applied; `done` counts its lines by outcome."""

    impact: UUID
    change: dict[str, Any]
    sites: list[UUID]
    fingerprint: str
    figures: Figures
    state: str
    planned_at: datetime
    applied_at: datetime | None
    ended_at: datetime | None
    done: dict[str, int]
    open: int

    @classmethod
    def of(cls, it: Progress) -> "ImpactView":
        return cls(**_about(it.impact), done=it.done, open=it.still_open)


class ImpactWithItems(ImpactView):
    """A plan with its lines; `next` is the rank to ask the following ones from."""

    items: list[ItemView]
    next: int | None

    @classmethod
    def planned(cls, it: Planned, actor: Actor, limit: int) -> "ImpactWithItems":
        shown = it.items[:limit]
        return cls(
            **_about(it.impact),
            done={},
            open=len(it.items),
            items=[ItemView.of(each, hides_patient=_hides(actor, each.compartment)) for each in shown],
            next=shown[-1].rank if len(shown) < len(it.items) else None,
        )

    @classmethod
    def read(cls, it: Report, actor: Actor, limit: int) -> "ImpactWithItems":
        return cls(
            **_about(it.progress.impact),
            done=it.progress.done,
            open=it.progress.still_open,
            items=[
                ItemView.of(each.item, hides_patient=_hides(actor, each.item.compartment), now=each)
                for each in it.items
            ],
            next=it.items[-1].item.rank if len(it.items) == limit else None,
        )


_OF_THE_CALENDAR = (  # an absence, a closure, a change of session
    *STAFF,
    *NOT_THEN,
    *PERIOD,
    problems.ALREADY_ABSENT,
    problems.DAY_ALREADY_CLOSED,
    problems.SESSION_UNKNOWN,
    problems.SESSION_CANCELLED,
    problems.SESSION_BEGUN,
    problems.NOTHING_TO_CHANGE,
)


@router.post(
    "",
    status_code=201,
    response_model=ImpactWithItems,
    responses=describe(
        problems.PROFESSIONAL_UNKNOWN,
        problems.SESSION_UNKNOWN,
        problems.SESSION_CANCELLED,
        problems.NOTHING_TO_CHANGE,
        problems.END_BEFORE_START,
        problems.SHARES_TOO_LARGE,
        problems.SESSION_OVERLAP,
        problems.SITE_UNKNOWN,
        problems.IN_CONSULTATION,
        problems.PERIOD_TOO_LONG,
    ),
)
async def plan(body: PlanImpact, command: Command) -> Response:
    """Ask what a change would do. Nothing of the agenda changes."""
    allow(command, Right.PLAN)
    return await command.once(
        lambda tx: plan_impact(tx, body.change(), rules_of(command), actor=command.actor, now=command.now),
        lambda it: ImpactWithItems.planned(it, command.actor, limit=200),
    )


@router.post(
    "/{impact}/application",
    status_code=202,
    response_model=ImpactView,
    responses=describe(
        problems.IMPACT_UNKNOWN,
        problems.IMPACT_CHANGED,
        problems.IMPACT_DECISION,
        problems.IN_CONSULTATION,
        *_OF_THE_CALENDAR,
    ),
)
async def apply(impact: UUID, body: ApplyImpact, command: Command) -> Response:
    """Do what the dry run has shown, unless the agenda has changed since. Asked again, it goes on where it stopped."""
    allow(command, Right.PLAN)
    rules = rules_of(command)
    answer = await command.once(
        lambda tx: apply_impact(tx, impact, body.request(), rules, actor=command.actor, now=command.now),
        ImpactView.of,
    )
    try:
        await settle_impact(command.runtime.database, impact, rules, command.now, SETTLED_AT_ONCE)
    except Exception as error:
        # The plan has begun, and that is what was asked: the job goes on with what is open.
        log.warning("impact interrupted", error=type(error).__name__, at=where(error))
    return answer


@router.get("/{impact}", response_model=ImpactWithItems, responses=describe(problems.IMPACT_UNKNOWN))
async def read(
    impact: UUID,
    query: Query,
    after: Annotated[int, Parameter(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Parameter(ge=1, le=1_000)] = 200,
) -> ImpactWithItems:
    """How far a plan has been carried out, and its lines."""
    allow(query, Right.PLAN)
    async with query.transaction() as tx:
        report = await read_impact(tx, impact, after, limit, query.actor)
    return ImpactWithItems.read(report, query.actor, limit)


def _hides(actor: Actor, compartment: str) -> bool:
    """Managers plan and read nothing personal; what is not medical is for those who may see it."""
    return SEE[Compartment(compartment)].isdisjoint(actor.roles)


def _about(it: StoredImpact) -> dict[str, Any]:
    change = it.change
    told = {
        "kind": change.kind,
        "reason": change.reason,
        "professional": change.professional,
        "session": change.session,
        "site": change.site,
        "start": change.period and change.period.start,
        "end": change.period and change.period.end,
        "from_day": change.from_day,
    }
    return {
        "impact": it.id,
        "change": {name: value for name, value in told.items() if value is not None},
        "sites": list(it.sites),
        "fingerprint": it.fingerprint,
        "figures": it.figures,
        "state": it.state,
        "planned_at": it.planned_at,
        "applied_at": it.applied_at,
        "ended_at": it.ended_at,
    }
