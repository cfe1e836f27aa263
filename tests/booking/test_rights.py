"""The table of rights, walked in full: every role, every route of the service, at its own site, at another site of the
territory, in another territory."""

import json
from typing import Any
from uuid import UUID

import pytest

from booking import api
from booking.__main__ import service
from booking.api import parts
from booking.api.rights import RIGHTS, ROUTES, Right, holders
from booking.domain.compartments import BOOK, SEE
from booking.domain.impact import DefaultPolicy
from booking.domain.kinds import Compartment
from booking.use_cases.impact.apply_impact import Application
from smp.http import application
from smp.ids import new_id
from tests.booking.desk import Desk, session_body
from tests.booking.impact import apply, away, plan
from tests.booking.test_waiting_list_api import freed_at_nine, offered, wait
from tests.booking.waiting import run_jobs
from tests.booking.world import (
    MONDAY,
    NOW,
    OPENED_FOR,
    Centre,
    monday,
)
from tests.support.api import bearer, command_headers

ROLES = sorted(frozenset().union(*RIGHTS.values()) | {"funder", "service", "nobody"})
WALKER = "walker"  # one person in all roles, so that compartments do not mix in

Given = dict[str, Any]


MAKERS = {  # what a path names, and the route that makes one
    "rule": "POST /v1/session-rules",
    "closure": "POST /v1/closures",
    "absence": "POST /v1/absences",
    "reachability": "POST /v1/reachabilities",
    "impact": "POST /v1/impacts",
}
OF_NO_SITE = {"GET /v1/minor-emergencies/form"}  # the same words everywhere


def spell(route: Any) -> list[str]:
    return [f"{method} {route.path}" for method in sorted(route.methods)]


SCHEMA: dict[str, Any] = application(None, service.name, service.routers).openapi()  # type: ignore[arg-type]


@pytest.fixture
async def given(desk: Desk) -> Given:
    """What there is at the site: a professional with a session, an appointment that the walker booked, a patient."""
    patient, professional = await desk.centre.patient(), await desk.centre.doctor()
    kinds = ("consultation", "minor_emergency")
    opened = await desk.post("/sessions", session_body(desk.centre.site, professional, kinds))
    session = opened.json()["session"]
    booked = await desk.book(session, "09:20", subject=WALKER)
    return {
        "site": desk.centre.site,
        "session": session,
        "appointment": UUID(booked.json()["appointment"]),
        "patient": patient,
        "professional": professional,
    }


async def named_by(desk: Desk, route: str, given: Given) -> Given:
    """What there is, and what the route names besides: of this site, by its own command with its documented example."""
    made = dict(given)
    for name, maker in MAKERS.items():
        if f"{{{name}}}" in route:
            somebody = {**given, "professional": await desk.centre.doctor()}
            answer = await desk.post(maker.removeprefix("POST /v1"), body_of(maker, somebody, "secretary"))
            assert answer.status_code == 201, (maker, answer.text)
            told = answer.json()
            made[name] = told.get(name) or told["id"]
    if any(each in route for each in ("{entry}", "{offer}", "/explanation")):
        # Whoever books without reading knows only whom they have put on the list themselves.
        made["first"] = made["entry"] = (await wait(desk, subject=WALKER)).json()["entry"]
        made["second"] = (await wait(desk)).json()["entry"]
        made["social"] = (await wait(desk, kinds=["social"])).json()["entry"]
    if "{offer}" in route:
        await freed_at_nine(desk)
        made["offer"] = (await offered(desk, made["entry"]))["offer"]
    if "{other}" in route:
        made["other"] = (await Centre(desk.centre.database).open()).site
    return made


def body_of(route: str, given: Given, role: str) -> Any:
    """The documented example of a body, about what there is."""
    method, path = route.split()
    content = SCHEMA["paths"][path][method.lower()].get("requestBody", {}).get("content")
    if content is None:
        return None
    name = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    schema = SCHEMA["components"]["schemas"][name]
    text = json.dumps(schema["examples"][0])
    for constant, what in (
        (parts.SITE, "site"),
        (parts.SESSION, "session"),
        (parts.PATIENT, "patient"),
        (parts.PROFESSIONAL, "professional"),
    ):
        text = text.replace(constant, str(given[what]))
    body = json.loads(text)
    return {**body, "channel": "regulation"} if role == "regulator" and "channel" in schema["properties"] else body


def query_of(route: str, given: Given) -> dict[str, str]:
    method, path = route.split()
    known = {"kind": "consultation", "from": NOW.isoformat(), "to": monday("23:00").isoformat()}
    known |= {name: str(given[name]) for name in ("site", "first", "second") if name in given}
    wanted = SCHEMA["paths"][path][method.lower()].get("parameters", ())
    asked = [each for each in wanted if each["in"] == "query" and (each["required"] or each["name"] == "site")]
    dates = {each["name"]: MONDAY.isoformat() for each in asked if each["schema"].get("format") == "date"}
    return {each["name"]: dates.get(each["name"]) or known[each["name"]] for each in asked}


async def ask(desk: Desk, route: str, given: Given, role: str, site: UUID | str, territory: str) -> int:
    method, path = route.split()
    if role == "social_worker" and path.endswith("/priority"):
        given = {**given, "entry": given["social"]}  # of their own compartment
    path = path.format_map(given)
    headers = command_headers(bearer(role, site=site, territory=territory, subject=WALKER))
    answer = await desk.client.request(
        method, path, params=query_of(route, given), json=body_of(route, given, role), headers=headers
    )
    assert answer.status_code < 500, (route, role, answer.text)
    assert answer.json().get("type") != "urn:smp:problem:invalid-body", (route, answer.text)
    status: int = answer.status_code
    return status


def test_every_route_of_the_service_is_in_the_table() -> None:
    """A route without a line here has no right that anybody has walked: add it to `ROUTES` of `api/rights.py`."""
    routes = {spelt for router in api.ROUTERS for route in router.routes for spelt in spell(route)}
    assert routes == set(ROUTES)


@pytest.mark.parametrize("route", ROUTES)
async def test_a_role_may_do_what_the_table_says_at_its_own_site_and_nothing_anywhere_else(
    desk: Desk, given: Given, route: str
) -> None:
    """What the route names exists here: who is of another site is forbidden it, another territory does not know it."""
    named = await named_by(desk, route, given)
    at_homes = set()
    for role in ROLES:
        allowed = role in holders(route)
        elsewhere = await ask(desk, route, named, role, new_id(), "53")
        abroad = await ask(desk, route, named, role, "*", "72")
        at_home = await ask(desk, route, named, role, desk.centre.site, "53")
        assert (at_home != 403) == allowed, (role, at_home)
        at_homes.add(at_home)
        if route in OF_NO_SITE:
            continue
        assert elsewhere == 403 or elsewhere == at_home == 404, (role, elsewhere)  # until one of them has ended it
        assert abroad in ((403, 404) if allowed else (403,)), (role, abroad)
    assert not at_homes <= {403, 404}, "what it names does not exist: nothing is proven of its site"


class TestTheCompartments:
    @pytest.mark.parametrize("compartment", list(Compartment))
    @pytest.mark.parametrize("role", ROLES)
    async def test_a_role_books_where_the_table_says(self, desk: Desk, compartment: Compartment, role: str) -> None:
        kind, who = OPENED_FOR[compartment]
        session = await desk.open_session((kind,), role=who)
        channel = "regulation" if role == "regulator" else "phone"
        answer = await desk.book(session, "09:00", kind=kind, channel=channel, role=role)
        assert answer.status_code == (201 if role in BOOK[compartment] else 403), answer.text

    @pytest.mark.parametrize("compartment", list(Compartment))
    @pytest.mark.parametrize("role", sorted(RIGHTS[Right.SEARCH]))
    async def test_a_role_searches_no_silent_kind_that_it_may_not_book(
        self, desk: Desk, compartment: Compartment, role: str
    ) -> None:
        kind, who = OPENED_FOR[compartment]
        await desk.open_session((kind,), role=who)
        site, may = str(desk.centre.site), compartment is not Compartment.SILENT or role in BOOK[compartment]
        window = {"from": monday("09:00").isoformat(), "to": monday("12:00").isoformat()}
        evening = {"from": monday("13:00").isoformat(), "to": monday("20:00").isoformat()}
        for path in ("/availability", "/availability/next"):
            answer = await desk.get(path, role=role, site=site, kind=kind, **window)
            assert answer.status_code == (200 if may else 403), answer.text
        for hours, told in ((window, 409), (evening, 201)):
            answer = await desk.post("/demand", {"site": site, "kind": kind, **hours}, role=role)
            assert answer.status_code == (told if may else 403), answer.text

    @pytest.mark.parametrize("compartment", list(Compartment))
    @pytest.mark.parametrize("role", sorted(SEE[Compartment.MEDICAL]))
    async def test_a_role_that_is_not_involved_reads_what_the_table_says(
        self, desk: Desk, compartment: Compartment, role: str
    ) -> None:
        kind, who = OPENED_FOR[compartment]
        session = await desk.open_session((kind,), role=who)
        booked = (await desk.book(session, "09:00", kind=kind, subject="who-took-the-call")).json()
        one = (await desk.get(f"/appointments/{booked['appointment']}", role=role)).json()
        line = (await desk.get(f"/sites/{desk.centre.site}/day", role=role, date=MONDAY)).json()["lines"][0]
        reads = role in SEE[compartment]
        assert (one["patient"] is not None, line["patient"] is not None) == (reads, reads)
        assert (one["kind"], line["kind"]) == ((kind, kind) if reads else (None, None))
        shows_state = reads or compartment is not Compartment.SILENT
        assert (one["state"], line["state"]) == (("booked", "booked") if shows_state else (None, None))
        moved = await desk.post(
            f"/appointments/{booked['appointment']}/move",
            {"session": session, "start": monday("10:00").isoformat()},
            role=role,
        )
        assert moved.status_code == (200 if reads else 403), moved.text

    @pytest.mark.parametrize("compartment", list(Compartment))
    @pytest.mark.parametrize("role", sorted(SEE[Compartment.MEDICAL]))
    async def test_a_role_that_is_not_involved_finds_on_the_list_of_the_uncovered_what_the_table_says(
        self, desk: Desk, compartment: Compartment, role: str
    ) -> None:
        """Whose session is gone after an impact: everybody is called."""
        kind, giver = OPENED_FOR[compartment]
        who = await desk.centre.doctor(giver)
        session = (await desk.post("/sessions", session_body(desk.centre.site, who, (kind,)))).json()["session"]
        await desk.book(session, "09:00", kind=kind, subject="who-took-the-call")
        planned = await plan(desk.centre, away(who))
        assert (await apply(desk.centre, planned, Application(DefaultPolicy.CALL))).done == {"call": 1}
        path = f"/sites/{desk.centre.site}/unsupported"
        lines = (await desk.get(path, role=role)).json()["appointments"]
        patients = [line["patient"] is not None for line in lines]
        if role in SEE[compartment]:
            assert patients == [True]
        else:
            assert patients == ([] if compartment is Compartment.SILENT else [False])
        headers = bearer(role, site=desk.centre.site, subject="who-took-the-call")
        (line,) = (await desk.client.get(f"/v1{path}", headers=headers)).json()["appointments"]
        assert line["patient"] is not None


class TestWhoIsInvolved:
    async def test_the_practitioner_and_who_booked_read_a_silent_appointment(self, desk: Desk) -> None:
        who = await desk.centre.doctor()
        session = (await desk.post("/sessions", session_body(desk.centre.site, who, ("protected",)))).json()["session"]
        booked = (await desk.book(session, "09:00", kind="protected", subject="who-took-the-call")).json()
        for subject, sees in (("who-took-the-call", True), (str(who), True), ("somebody-else", False)):
            headers = bearer("gp", site=desk.centre.site, subject=subject)
            seen = (await desk.client.get(f"/v1/appointments/{booked['appointment']}", headers=headers)).json()
            assert (seen["patient"] is not None) == sees
            assert bool(seen["trail"]) == sees

    async def test_a_silent_appointment_that_was_given_up_leaves_no_line(self, desk: Desk) -> None:
        session = await desk.open_session(("protected",))
        booked = (await desk.book(session, "09:00", kind="protected")).json()["appointment"]
        await desk.post(f"/appointments/{booked}/cancellation", {"by": "patient"})
        day = f"/sites/{desk.centre.site}/day"
        assert len((await desk.get(day, date=MONDAY)).json()["lines"]) == 1
        assert (await desk.get(day, role="coordinator", date=MONDAY)).json()["lines"] == []


class TestSilentKinds:
    @pytest.mark.parametrize(
        ("role", "knows"),
        [("secretary", True), ("coordinator", True), ("nurse", False), ("gp", False), ("social_worker", False)],
    )
    async def test_are_told_in_lists_of_sessions_and_rules_to_planners_and_no_other_role(
        self, desk: Desk, role: str, knows: bool
    ) -> None:
        who = await desk.centre.doctor()
        body = session_body(desk.centre.site, who, ("consultation", "protected"))
        assert (await desk.post("/sessions", body)).status_code == 201
        rule = {key: value for key, value in body.items() if key != "day"}
        rule |= {"weekly": {"weekdays": [2]}, "valid_from": "2027-01-04", "valid_until": "2027-01-12"}
        assert (await desk.post("/session-rules", rule)).status_code == 201
        listed = await desk.get("/sessions", role=role, site=desk.centre.site, **{"from": MONDAY, "to": MONDAY})
        rules = await desk.get("/session-rules", role=role, site=desk.centre.site)
        told = ["consultation", "protected"] if knows else ["consultation"]
        assert [each["kinds"] for each in listed.json()["sessions"]] == [told]
        assert [each["kinds"] for each in rules.json()["rules"][0]["versions"]] == [told]
        own = bearer("gp", site=desk.centre.site, subject=str(who))
        window = {"site": str(desk.centre.site), "from": str(MONDAY), "to": str(MONDAY)}
        seen = (await desk.client.get("/v1/sessions", params=window, headers=own)).json()["sessions"]
        assert seen[0]["kinds"] == ["consultation", "protected"]


class TestTheRegulator:
    async def test_books_by_the_channel_of_regulation_only(self, desk: Desk) -> None:
        session = await desk.open_session()
        by_phone = await desk.book(session, "09:00", kind="minor_emergency", role="regulator")
        assert by_phone.status_code == 403
        regulated = await desk.book(session, "09:00", kind="minor_emergency", channel="regulation", role="regulator")
        assert (regulated.status_code, regulated.json()["channel"]) == (201, "regulation")

    async def test_confirms_no_hold_of_another_channel(self, desk: Desk) -> None:
        session = await desk.open_session()
        slot = {"session": session, "start": monday("09:00").isoformat(), "kind": "consultation"}
        hold = (await desk.post("/holds", slot)).json()["appointment"]
        body = {"hold": hold, "patient": str(await desk.centre.patient())}
        assert (await desk.post("/appointments", body, role="regulator")).status_code == 403
        assert (await desk.post("/appointments", body, role="telephone_platform")).status_code == 201


class TestTheTelephonePlatform:
    async def test_books_but_reads_nothing_and_changes_only_its_own(self, desk: Desk) -> None:
        session = await desk.open_session()
        own = (await desk.book(session, "09:00", role="telephone_platform")).json()["appointment"]
        other = (await desk.book(session, "09:20")).json()["appointment"]
        assert (await desk.get(f"/appointments/{own}", role="telephone_platform")).status_code == 403
        for appointment, status in ((own, 200), (other, 403)):
            path = f"/appointments/{appointment}/cancellation"
            answer = await desk.post(path, {"by": "patient"}, role="telephone_platform")
            assert answer.status_code == status


class TestWhoBooksWithoutReading:
    """They put patients on the waiting list, and know of nobody else who is there."""

    @pytest.mark.parametrize("role", ["telephone_platform", "regulator"])
    async def test_reads_and_changes_whom_they_put_on_the_list_and_nobody_else(self, desk: Desk, role: str) -> None:
        own, other = await self.wait(desk, role), await self.wait(desk, "secretary", subject="somebody-else")
        for entry, read, acted in ((own, 200, 200), (other, 404, 403)):
            assert (await desk.get(f"/waiting-list/{entry}", role=role)).status_code == read
            path = f"/waiting-list/{entry}/departure"
            assert (await desk.post(path, {"reason": "found_treating_doctor"}, role=role)).status_code == acted
        assert (await desk.get(f"/sites/{desk.centre.site}/waiting-list", role=role)).status_code == 403

    async def test_the_platform_answers_for_whom_it_put_on_the_list_and_the_regulator_for_nobody(
        self, desk: Desk
    ) -> None:
        for role, joined_by, status in (
            ("telephone_platform", "telephone_platform", 200),
            ("telephone_platform", "secretary", 403),
            ("regulator", "regulator", 403),
        ):
            subject = "somebody-else" if role != joined_by else None
            entry = await self.wait(desk, joined_by, **({"subject": subject} if subject else {}))
            await desk.open_session()
            await run_jobs(desk.centre)
            (offer,) = (await desk.get(f"/waiting-list/{entry}", role="secretary")).json()["offers"]
            answer = await desk.post(f"/offers/{offer['offer']}/acceptance", {}, role=role)
            assert answer.status_code == status, answer.text

    async def wait(self, desk: Desk, role: str, **who: Any) -> str:
        body = {
            "patient": str(await desk.centre.patient()), "kinds": ["consultation"], "sites": [str(desk.centre.site)],
        }  # fmt: skip
        answer = await desk.post("/waiting-list", body, role=role, **who)
        assert answer.status_code == 201, answer.text
        entry: str = answer.json()["entry"]
        return entry
