"""Which texts an appointment event calls for, and when. What is outdated is dropped by version, always."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from notifications.domain.appointments import Slot
from notifications.domain.hours import TextingHours
from notifications.domain.messages import LEFT, Purpose, State


@dataclass(frozen=True, slots=True)
class Rules:
    """Dated configuration of one site: its texting hours and how long before the reminder goes."""

    hours: TextingHours
    reminder_lead: timedelta = timedelta(hours=48)
    reminder_at_least: timedelta = timedelta(hours=24)
    """A reminder carried over quiet hours comes at least this long before, else it goes earlier."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A text or call already decided for an older state of the same appointment, oldest first in lists."""

    purpose: Purpose
    slot: Slot
    told: bool
    """The patient may know this slot: the text left, or the call was made."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One text to plan."""

    purpose: Purpose
    due_at: datetime
    at_once: bool = False
    """Quiet hours do not hold this text back."""


def was_told(state: State) -> bool:
    return state in LEFT


def plan_booking(slot: Slot, now: datetime, rules: Rules) -> tuple[Draft, ...]:
    """Confirmation at the next allowed moment, unless that comes too late, and reminder; nothing when the patient is
    already there."""
    if slot.start <= now:
        return ()
    return (*_confirmation(slot, now, rules), *plan_reminder(slot, now, rules))


def plan_move(
    slot: Slot, previous_start: datetime, earlier: list[Earlier], now: datetime, rules: Rules
) -> tuple[Draft, ...]:
    """The one correct text: a change if the patient knows an older slot, a confirmation if nothing left yet,
    nothing if what the patient knows is already this slot; and the reminder of the new one. Even a patient whom no text
    has reached may know the older hour from the telephone: what corrects it is never dropped."""
    if slot.start <= now:
        return ()
    reminder = plan_reminder(slot, now, rules)
    told = [text for text in earlier if text.told]
    if told and told[-1].slot == slot and told[-1].purpose is not Purpose.CANCELLATION:
        return reminder
    if earlier and not told and earlier[-1].slot == slot:
        return (*_confirmation(slot, now, rules), *reminder)
    purpose = Purpose.CONFIRMATION if earlier and not told else Purpose.CHANGE
    urgent = _today(now, rules, slot.start, previous_start)
    return (*_notice(purpose, _first_hour_ahead(previous_start, slot.start, now), now, rules, urgent), *reminder)


def plan_cancellation(slot: Slot, now: datetime, rules: Rules) -> tuple[Draft, ...]:
    """The cancellation text; nothing when the appointment's hour has passed."""
    if slot.start <= now:
        return ()
    return _notice(Purpose.CANCELLATION, slot.start, now, rules, urgent=_today(now, rules, slot.start))


def plan_restoration(slot: Slot, earlier: list[Earlier], now: datetime, rules: Rules) -> tuple[Draft, ...]:
    """An appointment stands again after a mistake: a confirmation if the last thing the patient was told is something
    else, or nothing yet; and its reminder. Nothing if it was booked without a text, or if its hour has passed."""
    if slot.start <= now or not earlier:
        return ()
    reminder = plan_reminder(slot, now, rules)
    told = [text for text in earlier if text.told]
    if told and told[-1].slot == slot and told[-1].purpose is not Purpose.CANCELLATION:
        return reminder
    if told and _today(now, rules, slot.start):
        return (*_notice(Purpose.CONFIRMATION, slot.start, now, rules, urgent=True), *reminder)
    return (*_confirmation(slot, now, rules), *reminder)


def plan_address(slot: Slot, now: datetime, rules: Rules) -> tuple[Draft, ...]:
    """The new address of the site, before the appointment in any case."""
    if slot.start <= now:
        return ()
    return _notice(Purpose.ADDRESS, slot.start, now, rules, urgent=_today(now, rules, slot.start))


def plan_offer(answer_by: datetime, now: datetime, rules: Rules) -> tuple[Draft, ...]:
    """The text of an offer, in allowed hours; nothing when none come before it must be answered."""
    due = rules.hours.next_allowed(now)
    return (Draft(Purpose.OFFER, due),) if due < answer_by else ()


def plan_withdrawal(slot: Slot, now: datetime, rules: Rules) -> tuple[Draft, ...]:
    """The place that the patient was offered is gone; nothing when its hour has passed."""
    if slot.start <= now:
        return ()
    return _notice(Purpose.OFFER_WITHDRAWN, slot.start, now, rules, urgent=_today(now, rules, slot.start))


def plan_reminder(slot: Slot, now: datetime, rules: Rules) -> tuple[Draft, ...]:
    """Two days before, brought into allowed hours: later if a day remains, else earlier. Dropped when that is past."""
    wished = slot.start - rules.reminder_lead
    due = rules.hours.next_allowed(wished)
    if due > slot.start - rules.reminder_at_least:
        due = rules.hours.last_allowed(wished)
    return (Draft(Purpose.REMINDER, due),) if due > now else ()


def _confirmation(slot: Slot, now: datetime, rules: Rules) -> tuple[Draft, ...]:
    """In allowed hours, or not at all: it tells nothing that the patient does not know."""
    carried = rules.hours.next_allowed(now)
    return (Draft(Purpose.CONFIRMATION, carried),) if carried < slot.start else ()


def _notice(purpose: Purpose, useful_until: datetime, now: datetime, rules: Rules, urgent: bool) -> tuple[Draft, ...]:
    """At once if urgent, else in allowed hours; a bad hour is better than a text after the appointment."""
    carried = rules.hours.next_allowed(now)
    if not urgent and carried < useful_until:
        return (Draft(purpose, carried),)
    return (Draft(purpose, now, at_once=True),)


def _today(now: datetime, rules: Rules, *starts: datetime) -> bool:
    today = rules.hours.local_date(now)
    return any(rules.hours.local_date(start) == today for start in starts)


def _first_hour_ahead(previous_start: datetime, start: datetime, now: datetime) -> datetime:
    """The earlier of the two hours at which the patient may come, among those still ahead."""
    return previous_start if now < previous_start < start else start
