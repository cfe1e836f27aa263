"""The last look before a text leaves: is it still true, still useful, allowed now, and can it reach anybody?"""

from dataclasses import dataclass
from datetime import datetime

from notifications.domain.hours import TextingHours
from notifications.domain.messages import Purpose, State
from notifications.domain.reachability import CallReason, Reachability
from notifications.domain.sites import Site


@dataclass(frozen=True, slots=True)
class Due:
    """A planned text whose hour has come, with what is known now. `site` is None while it is not known here."""

    purpose: Purpose
    starts_at: datetime
    at_once: bool
    superseded: str | None
    erased: bool
    reachability: Reachability
    site: Site | None
    waited_enough: bool
    """It has waited for a patient or a site as long as settings allow."""
    answer_by: datetime | None = None
    """Of an offer."""

    @property
    def useful_until(self) -> datetime:
        """After that it says nothing any more."""
        return self.answer_by or self.starts_at


@dataclass(frozen=True, slots=True)
class Go:
    """Send it now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again soon: the patient or the site has not been heard of yet."""


@dataclass(frozen=True, slots=True)
class PutOff:
    """Quiet hours: send it at `until`."""

    until: datetime


@dataclass(frozen=True, slots=True)
class End:
    """It will not be sent: its fate, why, and why somebody must call instead."""

    state: State
    reason: str
    call: CallReason | None = None


Decision = Go | Wait | PutOff | End


def before_sending(due: Due, hours: TextingHours, now: datetime) -> Decision:
    """What to do with a text that is due. `hours` are those of its site (or the default while it is unknown)."""
    if due.superseded:
        return End(State.CANCELLED, due.superseded)
    if due.erased:
        return End(State.CANCELLED, "erased")
    if now >= due.useful_until:
        return _too_late(due.purpose)
    return _reach(due, hours) or _when(due, hours, now)


def _reach(due: Due, hours: TextingHours) -> Decision | None:
    if due.site is None:
        return End(State.FAILED, "site_unknown", CallReason.UNDELIVERED) if due.waited_enough else Wait()
    if due.purpose is not Purpose.CANCELLATION and due.site.is_closed_on(hours.local_date(due.starts_at)):
        return End(State.FAILED, "site_closed", CallReason.UNDELIVERED)
    if due.reachability.by_text is None:
        return End(State.FAILED, "patient_unknown", CallReason.KEY_MISSING) if due.waited_enough else Wait()
    obstacle = due.reachability.obstacle()
    return End(State.FAILED, obstacle, obstacle) if obstacle else None


def _when(due: Due, hours: TextingHours, now: datetime) -> Decision:
    if due.at_once or hours.allows(now):
        return Go()
    allowed = hours.next_allowed(now)
    if allowed < due.useful_until:
        return PutOff(allowed)
    return Go() if due.purpose in (Purpose.CHANGE, Purpose.CANCELLATION, Purpose.ADDRESS) else _too_late(due.purpose)


def _too_late(purpose: Purpose) -> End:
    """The patient has come or not, the offer is over: nothing is left to say. A change never told was a failure."""
    if purpose in (Purpose.CONFIRMATION, Purpose.REMINDER, Purpose.OFFER):
        return End(State.CANCELLED, "too_late")
    return End(State.EXPIRED, "too_late", CallReason.UNDELIVERED)
