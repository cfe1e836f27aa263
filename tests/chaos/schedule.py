"""Who is killed and when, decided beforehand: the same seed gives the same targets after as many commands."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from smp_local.settings import SERVICES

RELAYS = ("registry-relay", "booking-relay", "notifications-relay")  # reporting says nothing
BUSY_RELAYS = ("booking-relay", "booking-relay", "notifications-relay", "registry-relay")  # the first has most to say
POSTMASTER, BACKEND, BROKER = "postgres", "backend", "kafka"
TARGETS = (*SERVICES, *RELAYS, BROKER, POSTMASTER, BACKEND)
OFTEN = ("booking", "notifications", POSTMASTER)  # twice in each round: most is at stake there

# Who is sent over failpoints, and how often: about as they have of them. Booking, which has most, is on its own.
PROGRAMS = {**dict.fromkeys(RELAYS, 1), "notifications": 8, "registry": 5, "reporting": 3}
SWEPT_AT_ONCE = 2
OF_BOOKING, OF_OTHERS = 0.5, 0.2  # of all kills, at failpoints
RESTS = 0.25  # of the deaths of booking at a failpoint are followed by a lull
# Seconds for which a new place is looked for, before a new way to a known one will do.
CHOOSY_BOOKING, CHOOSY_OTHERS = 15.0, 4.0
LULL = (0.5, 2.0)  # seconds in which everybody may get on with their work: without them a consumer only ever restarts

TWO_AT_ONCE = 0.15
WITH_A_RELAY = 0.5  # of the blows on the broker: the relay dies while its events are on their way
IN_THE_RECOVERY = 0.2
LONGEST_APART = 3.0  # seconds between two that die together: fewer than the broker needs to come back
DELAYS = (0.02, 0.15)  # seconds at most after a command was sent: half of the blows fall in its middle, half later


@dataclass(frozen=True, slots=True)
class Strike:
    """One blow. It falls `delay` seconds after the `after`-th command counted from the last blow; a second target
    dies `apart` seconds later. `at_failpoints`: each target dies by itself, at the next failpoint that is new to it;
    `choosy`: for so many seconds it looks for a new place.

    `patient`: commands are counted only once the last victims serve again; else the blow may fall in their recovery.
    """

    after: int
    delay: float
    targets: tuple[str, ...]
    apart: float
    patient: bool
    at_failpoints: bool = False
    choosy: float = 0.0


def booking_alone(kills: int, seed: int) -> Iterator[Strike]:
    """Booking over its failpoints, beside all other strikes: mostly armed again as it comes back, so that it meets the
    rest of a command, and what a command asked again passes, before anything else; now and then after a lull."""
    dice = random.Random(f"booking/{seed}")
    for _ in range(kills):
        rests = dice.random() < RESTS
        lull = dice.uniform(*LULL) if rests else 0.0
        yield Strike(int(rests), lull, ("booking",), 0.0, patient=rests, at_failpoints=True, choosy=CHOOSY_BOOKING)


def mixed(kills: int, at_failpoints: int, seed: int, gap: int) -> Iterator[Strike]:
    """`kills` in all, `at_failpoints` of them at failpoints, shuffled evenly."""
    dice = random.Random(f"mixed/{seed}")
    blind, sweeping = schedule(kills - at_failpoints, seed, gap), sweep(at_failpoints, seed)
    left = {False: kills - at_failpoints, True: at_failpoints}
    while sum(left.values()):
        sweeps = dice.random() * sum(left.values()) < left[True]
        strike = next(sweeping if sweeps else blind)
        left[sweeps] -= len(strike.targets)
        yield strike


def sweep(kills: int, seed: int) -> Iterator[Strike]:
    """Strikes at failpoints, several programs at once: a command after the other has come through, or failed to."""
    dice = random.Random(f"sweep/{seed}")
    left = kills
    while left:
        programs = dict.fromkeys(dice.choices(list(PROGRAMS), list(PROGRAMS.values()), k=min(left, SWEPT_AT_ONCE)))
        left -= len(programs)
        lull = dice.uniform(*LULL)
        after, names = dice.randint(1, 3), tuple(programs)
        yield Strike(after, lull, names, 0.0, patient=True, at_failpoints=True, choosy=CHOOSY_OTHERS)


def schedule(kills: int, seed: int, gap: int) -> Iterator[Strike]:
    """Strikes whose targets are `kills` in all, `gap` commands apart on average; every target comes in each round."""
    dice = random.Random(f"chaos/{seed}")
    cards: list[str] = []
    left = kills
    while left:
        if len(cards) < 2:
            cards += _round(dice)
        targets = _targets(dice, cards) if left > 1 else (cards.pop(0),)
        left -= len(targets)
        yield Strike(
            after=dice.randint(1, 2 * gap - 1),
            delay=dice.uniform(0, dice.choice(DELAYS)),
            targets=targets,
            apart=dice.uniform(0, LONGEST_APART),
            patient=dice.random() >= IN_THE_RECOVERY,
        )


def _targets(dice: random.Random, cards: list[str]) -> tuple[str, ...]:
    first, chance = cards.pop(0), dice.random()
    if first == BROKER and chance < WITH_A_RELAY:
        return first, dice.choice(BUSY_RELAYS)
    if chance < TWO_AT_ONCE and not _same(first, cards[0]):
        return first, cards.pop(0)
    return (first,)


def _round(dice: random.Random) -> list[str]:
    """Every target once, in any order, then those that are hit more often, in any order."""
    return [*dice.sample(TARGETS, len(TARGETS)), *dice.sample(OFTEN, len(OFTEN))]


def _same(one: str, other: str) -> bool:
    """The death of the postmaster and that of a backend are the same blow."""
    return one == other or {one, other} == {POSTMASTER, BACKEND}
