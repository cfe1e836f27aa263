"""The catalogue: a new indicator is one file here and one name in this tuple."""

from reporting.domain.figures import Definition
from reporting.domain.indicators import act1, att1, del1, nsh1, occ1, pat1, sms1, urg1

CATALOGUE: tuple[Definition, ...] = tuple(
    module.DEFINITION for module in (act1, pat1, del1, nsh1, occ1, att1, urg1, sms1)
)
CODES = frozenset(definition.code for definition in CATALOGUE)
