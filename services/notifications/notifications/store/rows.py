"""How rows become the values of the domain."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from notifications.domain.appointments import Mode, Slot
from notifications.domain.messages import Purpose
from notifications.domain.planning import Earlier
from notifications.domain.reachability import CallReason, Reachability
from notifications.domain.sites import Address, Site
from smp.postgres import Record

Row = Record | Mapping[str, Any]


def to_site(row: Row) -> Site | None:
    """The site of a row with name, zone, subdivision, closed_from and addresses; None until it was opened."""
    if not row["name"] or not row["addresses"]:
        return None
    return Site(
        id=row["site"],
        territory=row["site_territory"],
        name=row["name"],
        zone=row["zone"],
        subdivision=row["subdivision"],
        closed_from=row["closed_from"],
        addresses=tuple(
            Address(
                valid_from=date.fromisoformat(address["valid_from"]),
                line=address["line"],
                postal_code=address["postal_code"],
                city=address["city"],
                phone=address["phone"],
            )
            for address in row["addresses"]
        ),
    )


def to_reachability(row: Row) -> Reachability:
    """What a row with reachable_by_text, text_consent and unusable says of a patient."""
    return Reachability(
        by_text=row["reachable_by_text"],
        consent=row["text_consent"],
        unusable=CallReason(row["unusable"]) if row["unusable"] else None,
    )


def to_earlier(row: Row, told: bool) -> Earlier:
    """An earlier text or call, from its row."""
    return Earlier(
        purpose=Purpose(row["purpose"]),
        slot=Slot(site=row["site"], start=row["starts_at"], mode=Mode(row["mode"])),
        told=told,
    )
