"""Which site an actor may touch; which role may do what is asked at the edge (`booking.api.rights`)."""

from uuid import UUID

from smp.auth import Actor
from smp.problems import FORBIDDEN, Refusal


def require_site(actor: Actor, site: UUID) -> None:
    """Refuse an actor who does not work at `site`. Row security has checked the territory."""
    if not actor.covers_site(site):
        raise Refusal(FORBIDDEN)
