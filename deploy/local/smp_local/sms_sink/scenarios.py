"""What the provider does with a number: chosen by its last four digits, or forced by `POST /scenarios`."""

from dataclasses import dataclass
from typing import Literal

State = Literal["pending", "waiting", "sent", "delivered", "failed", "expired", "cancelled"]
Answer = Literal["accept", "invalid", "no_credit", "busy_once", "broken_once", "silent_once"]

FINAL: frozenset[State] = frozenset({"delivered", "failed", "expired", "cancelled"})
PTT_TEXTS = {
    1: "Temporary failure, will retry",
    3: "Accepted by the operator",
    4: "Delivered",
    8: "Validity period expired",
    23: "Bad or barred number",
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """One delivery receipt: OVHcloud's `ptt` (operator's detail) and `description` (coarse result)."""

    ptt: int
    description: int

    @property
    def state(self) -> State:
        """State of the text once this is known."""
        return _STATES.get(self.ptt, "failed")


@dataclass(frozen=True, slots=True)
class Scenario:
    """`suffix` is the end of the numbers that play it; `early` sends receipts before the HTTP answer."""

    name: str
    suffix: str
    receipts: tuple[Receipt, ...]
    answer: Answer = "accept"
    early: bool = False
    blacklists: bool = False


_STATES: dict[int, State] = {1: "waiting", 2: "waiting", 3: "sent", 4: "delivered", 8: "expired"}
_RETRYING, _ACCEPTED, _DELIVERED = Receipt(1, 4), Receipt(3, 8), Receipt(4, 1)
_EXPIRED, _BARRED = Receipt(8, 2), Receipt(23, 2)
_USUAL = (_ACCEPTED, _DELIVERED)

HAPPY = Scenario("happy", "", _USUAL)
SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        HAPPY,
        Scenario("invalid", "9901", (), answer="invalid"),
        Scenario("barred", "9902", (_BARRED,)),
        Scenario("phone_off", "9903", (_RETRYING, _RETRYING, _EXPIRED)),
        Scenario("no_receipt", "9904", ()),
        Scenario("early", "9905", _USUAL, early=True),
        Scenario("disorder", "9906", (_DELIVERED, _DELIVERED, _ACCEPTED)),
        Scenario("stop", "9907", _USUAL, blacklists=True),
        Scenario("no_credit", "9908", _USUAL, answer="no_credit"),
        Scenario("busy_once", "9909", _USUAL, answer="busy_once"),
        Scenario("broken_once", "9910", _USUAL, answer="broken_once"),
        Scenario("silent_once", "9911", _USUAL, answer="silent_once"),
    )
}


def scenario_of(number: str) -> Scenario:
    """The scenario that the last four digits of `number` choose."""
    return next((scenario for scenario in SCENARIOS.values() if scenario.suffix == number[-4:]), HAPPY)
