"""The body of `POST /1.0/sms/{service}/jobs` and of `…/estimate`, checked."""

import re
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from smp_local.sms_sink.problems import Refused
from smp_local.sms_sink.text_size import TextSize, measure

LARGEST_BODY = 64 * 1024  # bytes
_MOST_PARTS = 6
_NUMBER = re.compile(r"(\+|00)[1-9][0-9]{7,14}")

Message = Annotated[str, Field(min_length=1, max_length=2_000)]
M = TypeVar("M", bound=BaseModel)


class Order(BaseModel):
    """A request to send one text to some numbers. Periods are minutes."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    message: Message
    receivers: Annotated[list[Annotated[str, Field(max_length=30)]], Field(min_length=1, max_length=100)]
    sender: str | None = None
    senderForResponse: bool = False  # noqa: N815 - the provider's name
    noStopClause: bool = False  # noqa: N815 - the provider's name
    charset: Literal["UTF-8"] = "UTF-8"
    coding: Literal["7bit", "8bit"] = "7bit"
    display: Annotated[Literal["phoneDisplay", "flash", "sim", "toolkit"], Field(alias="class")] = "phoneDisplay"
    priority: Literal["high", "medium", "low", "veryLow"] = "high"
    validityPeriod: Annotated[int, Field(ge=1, le=10_080)] = 2_880  # noqa: N815 - the provider's name
    differedPeriod: Annotated[int, Field(ge=0, le=525_600)] = 0  # noqa: N815 - the provider's name
    tag: Annotated[str, Field(min_length=1, max_length=20)] | None = None

    @property
    def size(self) -> TextSize:
        """What one copy costs."""
        return measure(self.message, stop_clause=not self.noStopClause)


class Estimate(BaseModel):
    """A text to measure before it is sent."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    message: Message
    noStopClause: bool = False  # noqa: N815 - the provider's name
    senderType: Literal["alpha", "numeric", "shortcode", "virtual"] = "alpha"  # noqa: N815 - the provider's name


def read(model: type[M], body: bytes) -> M:
    """Parse a body, or raise `Refused` (400) naming the field, never its value."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(map(str, fault["loc"])) or "body"
        raise Refused(400, "INVALID_ARGUMENT", f"{field}: {fault['msg']}") from None


def check(order: Order, senders: frozenset[str]) -> None:
    """Raise `Refused` (400) when the provider would not send this text at all."""
    if order.sender is None and not order.senderForResponse:
        raise Refused(400, "INVALID_ARGUMENT", "sender is missing (or ask for senderForResponse)")
    if order.sender is not None and order.sender not in senders:
        raise Refused(400, "INVALID_SENDER", "This sender is unknown or not validated")
    if order.senderForResponse and re.search(r"https?://|www\.", order.message):
        raise Refused(400, "INVALID_ARGUMENT", "A short code sender may not send links")
    if order.size.parts > _MOST_PARTS:
        raise Refused(400, "INVALID_ARGUMENT", f"message is longer than {_MOST_PARTS} parts")


def normal_number(receiver: str) -> str | None:
    """The number as +digits, or None when it cannot be one."""
    if not _NUMBER.fullmatch(receiver):
        return None
    return receiver if receiver.startswith("+") else "+" + receiver[2:]
