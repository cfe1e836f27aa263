"""A site as a patient needs it: its name, where it is on the day, whom to ring."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Address:
    """Where the site is from `valid_from` (local date) on, and its telephone in E.164."""

    valid_from: date
    line: str
    postal_code: str
    city: str
    phone: str


@dataclass(frozen=True, slots=True)
class Site:
    """Addresses are dated: a text gives the one of the appointment's day, whenever it was booked."""

    id: UUID
    territory: str
    name: str
    zone: str
    subdivision: str | None
    closed_from: date | None
    addresses: tuple[Address, ...]

    def address_on(self, day: date) -> Address:
        """The address valid on `day`; before the first one, the first. Raises LookupError when there is none."""
        if not self.addresses:
            raise LookupError("a site without address")
        valid = [address for address in self.addresses if address.valid_from <= day]
        if valid:
            return max(valid, key=lambda address: address.valid_from)
        return min(self.addresses, key=lambda address: address.valid_from)

    def is_closed_on(self, day: date) -> bool:
        return self.closed_from is not None and day >= self.closed_from
