"""What may be shown outside the centre: small counts are hidden, and so is what would give them back.

The convention of French health statistics (ATIH, CASD, SNDS): counts of 1 to 10 are shown as "< 11", a rate needs 11
people behind it, and a total or a difference must not give a hidden count back. It follows that a figure is shown
whole or withheld whole, and that a breakdown hides either no part or at least two.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar
from uuid import UUID

from reporting.domain.figures import Definition, Figure, Measure

THRESHOLD = 11  # people

Key = TypeVar("Key")

Small = Literal["< 11"]
Masked = Literal["masked"]
SMALL: Small = "< 11"
MASKED: Masked = "masked"
Shown = int | float | Small | Masked | None


@dataclass(frozen=True, slots=True)
class ShownFigure:
    """A figure as its reader sees it; `withheld` when its numbers are hidden."""

    definition: Definition
    numerator: Shown
    denominator: Shown
    value: Shown
    measures: Mapping[str, tuple[Shown, str]]
    breakdowns: Mapping[str, Mapping[str, Shown]]
    withheld: bool


def show(definition: Definition, figure: Figure) -> ShownFigure:
    """Everything: for the centre's own coordinator and manager."""
    return ShownFigure(
        definition=definition,
        numerator=figure.numerator,
        denominator=figure.denominator,
        value=figure.value,
        measures={name: (measure.value, measure.unit) for name, measure in figure.measures.items()},
        breakdowns=figure.breakdowns,
        withheld=False,
    )


def disclose(definition: Definition, figure: Figure) -> ShownFigure:
    """What a funder may see. Roles are left out: where one intern works, a role is a person."""
    if not _may_be_shown(definition, figure.cells):
        return withhold(definition, figure)
    return ShownFigure(
        definition=definition,
        numerator=figure.numerator,
        denominator=figure.denominator,
        value=figure.value,
        measures={name: (_measure(measure), measure.unit) for name, measure in figure.measures.items()},
        breakdowns=_split(figure),
        withheld=False,
    )


def withhold(definition: Definition, figure: Figure) -> ShownFigure:
    """The figure without its numbers; only that its numerator is small is said, and only when it is."""
    small = figure.cells[0] < THRESHOLD
    hidden: Shown = SMALL if small else MASKED
    return ShownFigure(
        definition=definition,
        numerator=hidden,
        denominator=None if figure.denominator is None else MASKED,
        value=hidden if definition.kind == "count" else MASKED,
        measures={name: (MASKED, measure.unit) for name, measure in figure.measures.items()},
        breakdowns={},
        withheld=True,
    )


def disclose_sites(definition: Definition, figures: Mapping[UUID, Figure]) -> dict[UUID, ShownFigure]:
    """The figures of all sites of a territory; a hidden site takes the smallest others with it.

    Otherwise the territory's total, less the sites shown, would give the hidden one back.
    """
    shown = {site: disclose(definition, figure) for site, figure in figures.items()}
    counts = {site: figure.cells[0] for site, figure in figures.items()}
    for site in _with_company(counts, {site for site, figure in shown.items() if figure.withheld}):
        shown[site] = withhold(definition, figures[site])
    return shown


def suppress(parts: Mapping[str, int]) -> dict[str, Shown]:
    """The parts of a known total, small ones hidden, and as many more as it takes not to tell them by subtraction."""
    hidden = _with_company(parts, {name for name, count in parts.items() if _is_small(count)})
    return {name: _hidden(count) if name in hidden else count for name, count in parts.items()}


def _with_company(counts: Mapping[Key, int], hidden: set[Key]) -> set[Key]:
    """`hidden` and the smallest others, until there are two of them and they hold 11 people together."""
    company = set(hidden)
    others = sorted((key for key, count in counts.items() if key not in hidden and count), key=lambda key: counts[key])
    while company and others and (len(company) == 1 or sum(counts[key] for key in company) < THRESHOLD):
        company.add(others.pop(0))
    return company


def _split(figure: Figure) -> dict[str, dict[str, Shown]]:
    return {name: suppress(parts) for name, parts in figure.breakdowns.items() if name != "role"}


def _measure(measure: Measure) -> Shown:
    return MASKED if any(map(_is_small, measure.cells)) else measure.value


def _may_be_shown(definition: Definition, cells: Iterable[int]) -> bool:
    first, *others = cells
    if definition.kind != "count" and first < THRESHOLD:
        return False
    return not any(map(_is_small, (first, *others)))


def _is_small(count: int) -> bool:
    return 0 < count < THRESHOLD


def _hidden(count: int) -> Shown:
    return SMALL if _is_small(count) else MASKED
