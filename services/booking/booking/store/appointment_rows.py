"""An appointment as a row of its table."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from booking.domain.appointments import Appointment, Companion, State, Step
from booking.domain.intervals import Interval
from booking.domain.resources import Resource
from smp.postgres import Record


def columns_of(new: Sequence[tuple[Appointment, Sequence[Resource]]]) -> tuple[Sequence[Any], ...]:
    """What each occupies, in one order over all resources, so that two transactions never wait crosswise; and each."""
    occupied = sorted(
        (resource.number, each.takes(resource).start, each.takes(resource).end, each.id, resource.kind, each.territory)
        for each, resources in new
        for resource in resources
    )
    numbers, starts, ends, ids, kinds, territories = zip(*occupied, strict=True)
    columns = zip(*(_new(each, len(resources)) for each, resources in new), strict=True)
    return (ids, numbers, kinds, territories, starts, ends, *columns)


def saved(each: Appointment) -> tuple[Any, ...]:
    return (
        each.id,
        each.version,
        each.state,
        sorted(each.gives_back),
        each.rests_until,
        each.session,
        each.site,
        each.day,
        each.patient,
        each.professional,
        each.role,
        each.period.start,
        each.period.end,
        each.channel,
        each.notify,
        each.requested_at,
        each.booked_at,
        each.arrived_at,
        each.prepared_at,
        each.started_at,
        each.ended_at,
        each.left_at,
        each.outcome,
        each.severity,
        each.otherwise_emergency,
        each.supervisor,
        each.cancelled_by,
        each.cancel_reason,
        each.late,
        each.preparation_start,
        _others(each.others),
        each.call_place,
        each.call_before,
        each.call_decided_at,
        each.named,
        _trail(each.trail[-1:]),
    )


def appointments_of(rows: Iterable[Record]) -> list[Appointment]:
    return [appointment_of(row) for row in rows]


def appointment_of(row: Record | dict[str, Any]) -> Appointment:
    """An appointment from the columns of its table."""
    columns = dict(row)
    period = Interval(columns.pop("starts_at"), columns.pop("ends_at"))
    state, trail = State(columns.pop("state")), _steps(columns.pop("trail"))
    others = _companions(columns.pop("others"))
    return Appointment(**columns, period=period, state=state, trail=trail, others=others)


def _new(each: Appointment, resources: int) -> tuple[Any, ...]:
    return (
        resources,
        each.id,
        each.territory,
        each.site,
        each.session,
        each.day,
        each.patient,
        each.professional,
        each.role,
        each.kind,
        each.mode,
        each.period.start,
        each.period.end,
        each.capacity_class,
        each.channel,
        each.state,
        each.notify,
        each.requested_at,
        each.expires_at,
        each.booked_at,
        _trail(each.trail)[0],  # a new appointment has one step; a list in a list would be an array of two dimensions
        each.kind_version,
        each.compartment,
        each.buffer_before,
        each.buffer_after,
        each.named,
        each.neutral_wording,
        each.party,
        each.preparation_start,
        {"others": _others(each.others)},
    )


def _trail(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [_step(step) for step in steps]


def _step(step: Step) -> dict[str, Any]:
    line: dict[str, Any] = {"version": step.version, "state": step.state, "at": step.at, "by": step.by}
    if step.why is not None:
        line["why"] = step.why
    if step.undoes is not None:
        line["undoes"] = step.undoes
    return line


def _steps(trail: list[dict[str, Any]]) -> tuple[Step, ...]:
    return tuple(
        Step(
            each["version"],
            State(each["state"]),
            datetime.fromisoformat(each["at"]),
            each["by"],
            each.get("why"),
            each.get("undoes"),
        )
        for each in trail
    )


def _others(companions: Sequence[Companion]) -> list[dict[str, Any]]:
    return [
        {
            "professional": str(each.professional),
            "role": each.role,
            "session": str(each.session),
            "start": each.period.start.isoformat(),
            "end": each.period.end.isoformat(),
            "room": each.room,
        }
        for each in companions
    ]


def _companions(others: list[dict[str, Any]]) -> tuple[Companion, ...]:
    return tuple(
        Companion(
            UUID(each["professional"]),
            each["role"],
            UUID(each["session"]),
            Interval(datetime.fromisoformat(each["start"]), datetime.fromisoformat(each["end"])),
            each["room"],
        )
        for each in others
    )
