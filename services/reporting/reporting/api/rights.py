"""Who may read what.

| route                        | roles                              | sees                                             |
|------------------------------|------------------------------------|--------------------------------------------------|
| GET /v1/indicators           | coordinator, manager of the site   | every number of their own sites                  |
| GET /v1/indicators           | funder of the territory            | whole months, small numbers hidden, no roles     |
| GET /v1/indicators/definitions | coordinator, manager, funder, service | what each indicator means                   |
| GET /v1/facts/count          | service, coordinator               | how many facts, in their territories and sites   |
"""

from uuid import UUID

from reporting.use_cases.read_indicators import Audience
from smp import problems
from smp.auth import Actor
from smp.problems import Refusal

CENTRE = ("coordinator", "manager")
FUNDER = ("funder",)
READ_DEFINITIONS = (*CENTRE, *FUNDER, "service")
COUNT_FACTS = ("service", "coordinator")


def audience_of(actor: Actor, site: UUID | None) -> Audience:
    """How the actor may see a site, or (None) the sites it covers. Raises Refusal(FORBIDDEN)."""
    if actor.has_role(*CENTRE) and (site is None or actor.covers_site(site)):
        return "centre"
    if actor.has_role(*FUNDER):
        return "funder"
    raise Refusal(problems.FORBIDDEN)
