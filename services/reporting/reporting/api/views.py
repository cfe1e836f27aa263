"""Answers as JSON."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from reporting.domain.disclosure import SMALL, THRESHOLD, Shown
from reporting.domain.figures import Definition, Kind
from reporting.domain.period import Period
from reporting.use_cases.count_facts import KindCount
from reporting.use_cases.read_indicators import Audience, Line, Report


class MeasureView(BaseModel):
    value: Shown
    unit: str


class FigureView(BaseModel):
    """One indicator of one site (`site` null: all the reader's sites together).

    A number may be the text "< 11" or "masked": see the README on small numbers.
    """

    code: str
    label: str
    definition_version: int
    site: UUID | None
    site_name: str | None
    numerator: Shown
    denominator: Shown
    value: Shown
    unit: str
    measures: dict[str, MeasureView]
    breakdowns: dict[str, dict[str, Shown]]
    missing_events: int = Field(description="Événements dont on sait qu'ils manquent (trous dans les séquences)")
    late_appointments: Shown = Field(description="Rendez-vous passés dont l'issue n'est pas connue")


class IndicatorsView(BaseModel):
    first: date = Field(serialization_alias="from", description="Premier jour local, compris")
    end: date = Field(serialization_alias="to", description="Dernier jour local, exclu")
    audience: Audience
    data_as_of: datetime | None = Field(description="Instant de l'événement le plus récent pris en compte")
    figures: list[FigureView]

    @classmethod
    def of(cls, period: Period, audience: Audience, report: Report) -> "IndicatorsView":
        return cls(
            first=period.first,
            end=period.end,
            audience=audience,
            data_as_of=report.data_as_of,
            figures=[_figure(line, audience) for line in report.lines],
        )


class DefinitionView(BaseModel):
    """What an indicator means, for those who will compare it a year later."""

    code: str
    version: int
    kind: Kind
    label: str
    unit: str
    numerator: str
    denominator: str
    exclusions: str
    method: str
    dimensions: tuple[str, ...]
    source_events: tuple[str, ...]

    @classmethod
    def of(cls, definition: Definition) -> "DefinitionView":
        return cls.model_validate(definition, from_attributes=True)


class KindCountView(BaseModel):
    kind: str
    facts: int
    events: int = Field(description="Événements distincts réunis dans ces faits")
    missing_events: int
    by_state: dict[str, int]


class FactCountView(BaseModel):
    first: date = Field(serialization_alias="from")
    end: date = Field(serialization_alias="to")
    kinds: list[KindCountView]

    @classmethod
    def of(cls, period: Period, counts: list[KindCount]) -> "FactCountView":
        kinds = [KindCountView.model_validate(count, from_attributes=True) for count in counts]
        return cls(first=period.first, end=period.end, kinds=kinds)


def _figure(line: Line, audience: Audience) -> FigureView:
    figure, definition = line.figure, line.figure.definition
    return FigureView(
        code=definition.code,
        label=definition.label,
        definition_version=definition.version,
        site=line.site.site if line.site else None,
        site_name=line.site.name if line.site else None,
        numerator=figure.numerator,
        denominator=figure.denominator,
        value=figure.value,
        unit=definition.unit,
        measures={name: MeasureView(value=value, unit=unit) for name, (value, unit) in figure.measures.items()},
        breakdowns={name: dict(parts) for name, parts in figure.breakdowns.items()},
        missing_events=line.missing_events,
        late_appointments=_late(line.late_appointments, audience),
    )


def _late(count: int, audience: Audience) -> Shown:
    return SMALL if audience == "funder" and 0 < count < THRESHOLD else count
