"""Requests drawn ahead, shuffled, so that every route meets what every other one has left behind."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode

from tests.fuzz.links import Links
from tests.support.fuzz import Fuzz

DRAWN = {GenerationMode.POSITIVE: 20, GenerationMode.NEGATIVE: 12}  # of one route in one deck
DEALT = 12  # times that each is sent, with other ids each time: drawing one costs more than sending it
EXAMPLE = 0.6  # of the requests that fit the document begin with its example, of which a field at most is changed
WRECKING = frozenset(  # they end much at once: a fourth of the others, or nothing would live long
    {
        "POST /v1/absences", "POST /v1/closures", "POST /v1/impacts/{impact}/application", "POST /v1/kinds",
        "POST /v1/sessions/{session}/cancellation", "POST /v1/sessions/{session}/change",
        "POST /v1/sites/{site}/day-close", "POST /v1/waiting-list/{entry}/departure",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Card:
    """A drawn request; `example` is the documented body of its route."""

    case: "Case[Any]"
    mode: GenerationMode
    label: str
    example: dict[str, Any]
    parts: tuple[Any, Any, Any]

    @property
    def noun(self) -> str:
        """What the route is about: `closure` of `POST /v1/closures`."""
        return self.label.split("/")[2].removesuffix("s")

    def dealt(self, links: Links, dice: random.Random) -> "Case[Any]":
        """The request, with ids that exist now."""
        path, query, body = self.parts
        if self.example and self.mode is GenerationMode.POSITIVE and dice.random() < EXAMPLE:
            drawn = list(body.items()) if isinstance(body, dict) else []
            body = self.example | dict(dice.sample(drawn, k=min(dice.randrange(2), len(drawn))))
        self.case.path_parameters, self.case.query, self.case.body = (links.real(each) for each in (path, query, body))
        return self.case


@dataclass
class Deck:
    """The same seed makes the same cards in the same order."""

    fuzz: Fuzz
    seed: int
    dice: random.Random

    def cards(self) -> Iterator[Card]:
        """For ever, one shuffled deck after the other."""
        number = 0
        while True:
            cards = [
                card for label in self.fuzz.operations for mode in DRAWN for card in self._drawn(label, mode, number)
            ]
            for _ in range(DEALT):
                self.dice.shuffle(cards)
                yield from cards
            number += 1

    def _drawn(self, label: str, mode: GenerationMode, number: int) -> list[Card]:
        operation, cards = self.fuzz.operations[label], []
        example, count = self.fuzz.example(label), DRAWN[mode] // (4 if label in WRECKING else 1)

        @seed(f"{self.seed}/{number}/{label}/{mode.value}")
        @settings(
            max_examples=count, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet,
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def draw(case: "Case[Any]") -> None:
            cards.append(Card(case, mode, label, example, (case.path_parameters, case.query, case.body)))

        try:
            draw()
        except Unsatisfiable:
            return []  # nothing of a route without body and parameters can be wrong
        return cards
