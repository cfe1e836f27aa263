"""Any calls in any order: after each one every offer is one that a small model allows, the first in order has it, and
no free place stays unoffered that somebody could have."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from booking.domain.appointments import Appointment
from booking.domain.offers import Offer, OfferRules, OfferState, Reachable, deadline, next_day
from booking.domain.sessions import Session
from booking.domain.waiting_list import Entry, EntryState, Priority
from tests.booking import waiting
from tests.booking.machine import World, courses, examples
from tests.booking.world import MONDAY, NOW, PARIS, Centre, paris

HOURS = ("09:00", "09:20", "09:40", "10:00")
PEOPLE = 5
RULES = OfferRules()
REACHABLE = Reachable(PARIS, time(8), time(20), frozenset({1, 2, 3, 4, 5, 6}))
EXAMPLES = 15


@dataclass
class Person:
    """Somebody as the model knows them: an order of arrival, a class, what they were offered and said."""

    entry: Entry
    rank: int
    arrival: int
    state: EntryState = EntryState.WAITING
    offered: str | None = None
    answer_by: datetime | None = None
    answered: set[str] = field(default_factory=set)
    asked: list[datetime] = field(default_factory=list)
    paused_until: datetime | None = None


@dataclass
class List:
    """The model: which places are free, who waits. A few lines of what the README says."""

    free: set[str] = field(default_factory=set)
    people: list[Person] = field(default_factory=list)

    def end(self, person: Person, *, gives_up: bool = True) -> None:
        hour, person.offered, person.answer_by = person.offered, None, None
        assert hour is not None
        if gives_up:
            self.free.add(hour)

    def expire(self, now: datetime) -> None:
        for person in self.people:
            if person.answer_by is not None and person.answer_by <= now:
                assert person.offered is not None
                person.answered.add(person.offered)
                self.end(person)

    def hear(self, made: dict[str, Person], now: datetime) -> None:
        """Offers that were made at one instant: each of a free place, to somebody who could be asked about it, before
        everybody else who could be and was not asked."""
        for hour, person in made.items():
            assert hour in self.free
            assert self.may_ask(person, hour, now)
            self.free.discard(hour)
        for hour, person in made.items():
            for other in self.people:
                if other not in made.values() and self._key(other) < self._key(person):
                    assert not self.may_ask(other, hour, now), "somebody who comes first was passed over"
        for hour, person in made.items():
            person.offered, person.answer_by = hour, deadline(paris(MONDAY, hour), now, RULES, REACHABLE)
            person.asked.append(now)

    def unoffered(self, now: datetime) -> list[tuple[str, Person]]:
        """Free places, each with somebody who could have it: there must be none."""
        return [(hour, each) for hour in self.free for each in self.people if self.may_ask(each, hour, now)]

    @staticmethod
    def _key(person: Person) -> tuple[int, date, int]:
        return person.rank, person.entry.waiting_since, person.arrival

    @staticmethod
    def may_ask(person: Person, hour: str, now: datetime) -> bool:
        today = [at for at in person.asked if at.astimezone(PARIS).date() == now.astimezone(PARIS).date()]
        return (
            person.state is EntryState.WAITING
            and person.offered is None
            and hour not in person.answered
            and len(today) < RULES.per_day
            and (person.paused_until is None or person.paused_until <= now)
            and deadline(paris(MONDAY, hour), now, RULES, REACHABLE) is not None
        )


class WaitingRoom(RuleBasedStateMachine):
    """One full morning; people join and leave, places come free, offers are answered or not, time passes."""

    world: World
    offers_made: int

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.model = List()
        self.booked: dict[str, Appointment] = {}

    @initialize()
    def a_full_morning(self) -> None:
        self.centre = self.world.wait(Centre(self.world.database.database).open())
        self.session: Session = self.world.wait(self._session())
        for hour in HOURS:
            self.booked[hour] = self.world.wait(self.centre.book(self.session, hour)).appointment

    async def _session(self) -> Session:
        return await self.centre.session(await self.centre.doctor(), "09:00", "10:20")

    @rule(priority=st.sampled_from([None, None, Priority.RAISED, Priority.HIGH]))
    @precondition(lambda self: len(self.model.people) < PEOPLE)
    def somebody_joins(self, priority: Priority | None) -> None:
        entry = self.world.wait(waiting.join(self.centre, priority=priority, now=self.now))
        rank = [Priority.HIGH, Priority.RAISED, None].index(priority)
        self.model.people.append(Person(entry, rank, len(self.model.people)))
        self._jobs()

    @rule(data=st.data())
    @precondition(lambda self: any(each.state is EntryState.WAITING for each in self.model.people))
    def somebody_leaves(self, data: st.DataObject) -> None:
        here = [each for each in self.model.people if each.state is EntryState.WAITING]
        person = data.draw(st.sampled_from(here))
        self.world.wait(waiting.leave(self.centre, person.entry, self.now))
        if person.offered:
            self.model.end(person)
        person.state = EntryState.LEFT
        self._jobs()

    @rule(data=st.data())
    @precondition(lambda self: self.booked)
    def a_patient_cancels(self, data: st.DataObject) -> None:
        hour = data.draw(st.sampled_from(sorted(self.booked)))
        self.world.wait(waiting.cancel(self.centre, self.booked.pop(hour), self.now))
        self.model.free.add(hour)
        self._jobs()

    @rule(data=st.data())
    @precondition(lambda self: self.model.free)
    def a_caller_books_a_free_place(self, data: st.DataObject) -> None:
        hour = data.draw(st.sampled_from(sorted(self.model.free)))
        self.booked[hour] = self.world.wait(self.centre.book(self.session, hour, now=self.now)).appointment
        self.model.free.discard(hour)
        self._jobs()

    @rule(data=st.data(), priority=st.sampled_from([Priority.RAISED, Priority.HIGH]))
    @precondition(lambda self: any(each.state is EntryState.WAITING for each in self.model.people))
    def a_professional_says_how_urgent_it_is(self, data: st.DataObject, priority: Priority) -> None:
        here = [each for each in self.model.people if each.state is EntryState.WAITING]
        person = data.draw(st.sampled_from(here))
        self.world.wait(waiting.prioritise(self.centre, person.entry, priority, self.now))
        person.rank = [Priority.HIGH, Priority.RAISED].index(priority)
        self._jobs()

    @rule(data=st.data(), answer=st.sampled_from(["accept", "decline", "later"]))
    @precondition(lambda self: any(each.offered for each in self.model.people))
    def somebody_answers(self, data: st.DataObject, answer: str) -> None:
        person = data.draw(st.sampled_from([each for each in self.model.people if each.offered]))
        hour, offer = person.offered, self._running(person)
        assert hour is not None
        assert offer is not None
        if answer == "accept":
            done = self.world.wait(waiting.accept(self.centre, offer, self.now))
            self.booked[hour] = done.booked.appointment
            person.state = EntryState.BOOKED
        elif answer == "decline":
            self.world.wait(waiting.decline(self.centre, offer, self.now))
            person.answered.add(hour)
        else:
            self.world.wait(waiting.later(self.centre, offer, self.now))
            person.answered.add(hour)
            person.paused_until = next_day(self.now, PARIS)
        self.model.end(person, gives_up=answer != "accept")
        self._jobs()

    @rule(hours=st.sampled_from([1, 5, 24]))
    @precondition(lambda self: self.now < paris(MONDAY, "08:00"))
    def time_passes(self, hours: int) -> None:
        self.now = REACHABLE.from_(self.now + timedelta(hours=hours))
        self._jobs()

    @rule()
    def the_jobs_run_once_more(self) -> None:
        self._jobs()

    @invariant()
    def offers_are_those_of_the_model(self) -> None:
        for person in self.model.people:
            offer = self._running(person)
            expected = (paris(MONDAY, person.offered), person.answer_by) if person.offered else None
            assert (offer and (offer.period.start, offer.answer_by)) == expected
            entry = self.world.wait(waiting.entry_now(self.centre, person.entry))
            assert entry.state is person.state

    @invariant()
    def no_free_place_that_somebody_could_have_stays_unoffered(self) -> None:
        assert self.model.unoffered(self.now) == []

    @invariant()
    def every_place_is_had_by_one_or_by_nobody(self) -> None:
        offered = [each.offered for each in self.model.people if each.offered]
        places = sorted([*self.booked, *offered, *self.model.free]) if self.booked or self.model.free else list(HOURS)
        assert places == list(HOURS)
        assert len(offered) == len(set(offered))

    def _jobs(self) -> None:
        self.world.wait(waiting.run_jobs(self.centre, self.now))
        self.model.expire(self.now)
        self.model.hear(self._made(), self.now)

    def _made(self) -> dict[str, Person]:
        """Who has been asked about which place, that the model does not know of yet."""
        made: dict[str, Person] = {}
        for person in self.model.people:
            offer = self._running(person) if person.offered is None else None
            if offer is not None:
                hour = f"{offer.period.start.astimezone(PARIS):%H:%M}"
                assert hour not in made
                made[hour] = person
        return made

    def _running(self, person: Person) -> Offer | None:
        made = self.world.wait(waiting.offers_to(self.centre, person.entry))
        running = [offer for offer in made if offer.state is OfferState.RUNNING]
        assert len(running) <= 1
        type(self).offers_made += len(running)
        return running[0] if running else None


def test_offers_are_what_a_small_model_makes_of_any_calls(world: World) -> None:
    class Here(WaitingRoom):
        pass

    Here.world, Here.offers_made = world, 0
    run_state_machine_as_test(Here, settings=courses(EXAMPLES, 25))
    assert Here.offers_made > examples(EXAMPLES), "the model was held against offers, not against silence"
