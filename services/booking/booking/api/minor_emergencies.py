"""Minor emergencies: the short form, and what follows from it."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi import Query as Parameter
from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError

from booking import problems
from booking.api.parts import SITE, Channel, SlotView, example, rules_of
from booking.api.rights import Right, allow
from booking.domain.reasons import Reason
from booking.domain.red_flags import CALL, EVERY_CODE, FORMS, form_on
from booking.use_cases.appointments.receive_minor_emergency import (
    MinorEmergency,
    Outcome,
    Proposal,
    Received,
    how_many,
    receive_minor_emergency,
)
from smp.http import Body, Command, Day, Query, describe

router = APIRouter(prefix="/v1", tags=["petites urgences"])

_QUESTION = PydanticCustomError(
    "unknown_question", "not a question of the form", {"fr": "cette question n'est pas dans le formulaire"}
)

_SAYS = {
    Outcome.CALL_15: (
        "Signe d'alerte : faites le 15, ou transférez l'appel au 15. Aucun rendez-vous n'est donné.",
        "Red flag: call 15, or transfer the call to 15. No appointment is given.",
    ),
    Outcome.TODAY: (
        "Proposez l'une de ces places aujourd'hui.",
        "Offer one of these places today.",
    ),
    Outcome.ELSEWHERE_OR_LATER: (
        "Plus de place ici aujourd'hui : proposez un autre centre, la vidéo ou une place à venir.",
        "No place left here today: offer another site, video or a coming place.",
    ),
    Outcome.NO_PLACE: (
        "Aucune place trouvée, ni ici, ni ailleurs, ni dans les prochains jours.",
        "No place found, neither here, nor elsewhere, nor in the coming days.",
    ),
}


def _known(code: str) -> str:
    if code not in EVERY_CODE:
        raise _QUESTION
    return code


Answers = Annotated[dict[Annotated[str, AfterValidator(_known)], bool], Field(max_length=len(EVERY_CODE))]


class AskedForMinorEmergency(Body):
    """The form as filled by whoever takes the call: yes or no to each question. `request` names the call or the visit
    for as long as it lasts; a sign once told stays told, whatever is answered later under that name."""

    model_config = example(
        {
            "request": "0199c0de-0000-7000-8000-0000000000ee",
            "site": SITE,
            "answers": dict.fromkeys((flag.code for flag in FORMS[0].flags), False),
            "channel": "phone",
        }
    )

    request: UUID
    site: UUID
    answers: Answers
    channel: Channel = "phone"


class QuestionView(BaseModel):
    """One question; yes sends to 15."""

    code: str
    question_fr: str
    question_en: str


class FormView(BaseModel):
    """The questions in force, and since when."""

    valid_from: date
    call: str
    questions: list[QuestionView]


class PlaceView(SlotView):
    """A place, with the kind and the mode to book it with."""

    kind: str
    mode: str

    @classmethod
    def proposed(cls, it: Proposal) -> "PlaceView":
        return cls(**SlotView.of(it.slot).model_dump(), kind=it.kind, mode=it.mode)


class ReceivedView(BaseModel):
    """What to do. With a red flag: `call` says "15" and there is no place. Else `today`; when that is empty, the
    `reason`, other sites today, video today, and later (tomorrow first)."""

    request: UUID
    outcome: Outcome
    call: str | None
    message_fr: str
    message_en: str
    reason: Reason | None
    red_flags: list[str]
    today: list[PlaceView]
    other_sites: list[PlaceView]
    video: list[PlaceView]
    later: list[PlaceView]

    @classmethod
    def of(cls, it: Received) -> "ReceivedView":
        fr, en = _SAYS[it.outcome]
        return cls(
            request=it.request,
            outcome=it.outcome,
            call=CALL if it.outcome is Outcome.CALL_15 else None,
            message_fr=fr,
            message_en=en,
            reason=it.reason,
            red_flags=sorted(it.red_flags),
            today=[PlaceView.proposed(each) for each in it.today],
            other_sites=[PlaceView.proposed(each) for each in it.other_sites],
            video=[PlaceView.proposed(each) for each in it.video],
            later=[PlaceView.proposed(each) for each in it.later],
        )


class CountView(BaseModel):
    """Requests of a day of a site; nobody is named."""

    site: UUID
    day: date
    asked: int
    sent_to_15: int


@router.get("/minor-emergencies/form", response_model=FormView)
async def form(query: Query) -> FormView:
    """The questions to ask, in the words to ask them with."""
    allow(query, Right.BOOK)
    current = form_on(query.now.date())
    return FormView(
        valid_from=current.valid_from,
        call=CALL,
        questions=[
            QuestionView(code=flag.code, question_fr=flag.question_fr, question_en=flag.question_en)
            for flag in current.flags
        ],
    )


@router.post(
    "/minor-emergencies",
    response_model=ReceivedView,
    responses=describe(problems.SITE_UNKNOWN, problems.FORM_INCOMPLETE, problems.KIND_UNKNOWN),
)
async def receive(body: AskedForMinorEmergency, command: Command) -> Response:
    """Places for the same day, or 15. Books nothing: a place is then booked, or the person walks in, as usual."""
    allow(command, Right.BOOK, body.site)
    asked = MinorEmergency(body.request, body.site, body.answers, body.channel)
    return await command.once(
        lambda tx: receive_minor_emergency(tx, asked, rules_of(command), actor=command.actor, now=command.now),
        ReceivedView.of,
    )


@router.get("/sites/{site}/minor-emergencies", response_model=CountView, responses=describe(problems.SITE_UNKNOWN))
async def counted(site: UUID, query: Query, day: Annotated[Day, Parameter(alias="date")]) -> CountView:
    """How many were asked about on a day, and how many of them were sent to 15."""
    allow(query, Right.PLAN, site)
    async with query.transaction() as tx:
        found = await how_many(tx, site, day, actor=query.actor)
    return CountView(site=site, day=day, asked=found.asked, sent_to_15=found.sent_to_15)
