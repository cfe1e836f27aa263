"""What booking says of its kinds: each decision is one event, the version of the kind its sequence."""

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from booking.domain.kinds import Kind, Preparation
from smp.contracts import KindDecided, PreparationOfKind
from smp.contracts.envelope import Event
from smp.postgres import Transaction

_KINDS = UUID("6f1d3a52-53c8-5f0e-9a55-0d3f6c1f5b10")  # the namespace of their ids (RFC 9562 §5.5)
_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


def decided(tx: Transaction, territory: str, kind: Kind, now: datetime) -> None:
    id = uuid5(_KINDS, f"{territory}/{kind.code}")
    data = KindDecided(
        kind=id,
        code=kind.code,
        valid_from=kind.valid_from,
        duration_minutes=kind.duration // _MINUTE,
        buffer_before_minutes=kind.buffer_before // _MINUTE,
        buffer_after_minutes=kind.buffer_after // _MINUTE,
        roles=tuple(sorted(kind.roles)),
        modes=tuple(sorted(kind.modes)),
        capacity_class=kind.capacity_class,
        compartment=kind.compartment,
        unscheduled=kind.unscheduled,
        neutral_wording=kind.neutral_wording,
        min_lead_minutes=kind.min_lead // _MINUTE,
        max_lead_days=kind.max_lead and kind.max_lead // _DAY,
        wants_eligibility=kind.wants_eligibility,
        wants_room=kind.wants_room,
        equipment=tuple(sorted(kind.equipment)),
        preparation=kind.preparation and _preparation(kind.preparation),
        follow_up_only=kind.follow_up_only,
        running_cap=kind.running_cap,
    )
    tx.publish(Event.of(data, subject=id, territory=territory, site=None, sequence=kind.version, time=now))


def _preparation(it: Preparation) -> PreparationOfKind:
    return PreparationOfKind(minutes=it.length // _MINUTE, roles=tuple(sorted(it.roles)), same_room=it.same_room)
