"""What an operator's delivery receipt says of a text (OVHcloud codes `ptt` and `description`)."""

from dataclasses import dataclass
from enum import IntEnum

from notifications.domain.messages import State


class Ptt(IntEnum):
    """OVH's `ptt` codes that decide something; others are failures of the operator."""

    RETRYING = 1
    RETRYING_AGAIN = 2
    ACCEPTED_BY_OPERATOR = 3
    DELIVERED = 4
    FAILED = 5
    UNKNOWN = 6
    EXPIRED = 8
    UNDELIVERABLE = 20
    BARRED = 23
    ABSENT = 24


UNDECIDED_PTT = frozenset({Ptt.RETRYING, Ptt.RETRYING_AGAIN, Ptt.ACCEPTED_BY_OPERATOR, Ptt.UNKNOWN})
FAILED_PTT = {
    5: "failed", 20: "undeliverable", 21: "no_subscriber_credit", 23: "barred", 24: "absent", 25: "network",
    26: "handset", 27: "incompatible", 28: "spam", 29: "content", 73: "ported", 74: "roaming", 76: "blocked",
    202: "blocked",
}  # fmt: skip
SUCCESS, FAILED, NOT_BILLED = 1, 2, 16


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state` is None while nothing is decided; `reason` is a short code without personal data."""

    state: State | None
    reason: str | None = None
    number_unusable: bool = False


def read_receipt(ptt: int, description: int | None) -> Verdict:
    """The verdict of one receipt. `ptt` is the detail and wins over the coarser `description`."""
    if ptt == Ptt.DELIVERED:
        return Verdict(State.DELIVERED)
    if ptt == Ptt.EXPIRED:
        return Verdict(State.EXPIRED, "expired")
    if ptt in FAILED_PTT:
        return Verdict(State.FAILED, FAILED_PTT[ptt], number_unusable=ptt == Ptt.BARRED)
    if ptt in UNDECIDED_PTT:
        return Verdict(None)
    if description == SUCCESS:
        return Verdict(State.DELIVERED)
    if description in (FAILED, NOT_BILLED):
        return Verdict(State.FAILED, "failed")
    return Verdict(None)
