"""The same answer as a table that a French spreadsheet opens at a double click.

UTF-8 with its mark, semicolons, decimal commas and CRLF: what Excel and LibreOffice expect in French. Measures and
parts of breakdowns are lines of their own, told apart by the columns `dimension` and `modalité`.
"""

import csv
import io
from collections.abc import Iterator
from datetime import datetime

from reporting.api.views import FigureView, IndicatorsView
from reporting.domain.disclosure import MASKED, Shown

HEADER = (
    "code", "libellé", "version de définition", "site", "nom du site", "du (compris)", "au (exclu)",
    "dimension", "modalité", "numérateur", "dénominateur", "valeur", "unité",
    "données arrêtées au", "événements manquants", "rendez-vous sans issue",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(view: IndicatorsView) -> bytes:
    """The whole answer; texts that a spreadsheet would run as formulas are made harmless."""
    table = io.StringIO()
    writer = csv.writer(table, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADER)
    for figure in view.figures:
        writer.writerows(_rows(view, figure))
    return b"\xef\xbb\xbf" + table.getvalue().encode()


def _rows(view: IndicatorsView, figure: FigureView) -> Iterator[list[str]]:
    yield _row(view, figure, "", "", figure.numerator, figure.denominator, figure.value, figure.unit)
    for name, measure in figure.measures.items():
        yield _row(view, figure, "mesure", name, None, None, measure.value, measure.unit)
    for dimension, parts in figure.breakdowns.items():
        for part, count in sorted(parts.items()):
            yield _row(view, figure, dimension, part, count, None, count, figure.unit)


def _row(
    view: IndicatorsView,
    figure: FigureView,
    dimension: str,
    part: str,
    numerator: Shown,
    denominator: Shown,
    value: Shown,
    unit: str,
) -> list[str]:
    return [
        figure.code,
        _text(figure.label),
        str(figure.definition_version),
        str(figure.site) if figure.site else "tous",
        _text(figure.site_name or ""),
        view.first.isoformat(),
        view.end.isoformat(),
        dimension,
        _text(part),
        _number(numerator),
        _number(denominator),
        _number(value),
        unit,
        _instant(view.data_as_of),
        str(figure.missing_events),
        _number(figure.late_appointments),
    ]


def _number(value: Shown) -> str:
    if value is None:
        return ""
    if value == MASKED:
        return "masqué"
    return str(value).replace(".", ",")


def _instant(moment: datetime | None) -> str:
    return moment.isoformat().replace("+00:00", "Z") if moment else ""


def _text(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
