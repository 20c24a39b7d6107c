"""HTML pages from the templates beside this file; each holds its style, script, pictures and numbers."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from jetseg_core.atomic_file import replacing
from jetseg_core.replay.report import charts
from jetseg_core.replay.report.figures import FIGURES, Figure, judged
from jetseg_core.replay.report.replay_report import FrameTotals


def write_page(path: Path, template: str, **values: Any) -> None:
    """Write a page that opens offline, at any width, in light and dark.

    Args:
        path: of the page.
        template: name of a file in the folder templates.
        values: variables of the template; ``data`` is also for the script, as JSON.
    """
    page = _environment().get_template(template).render(values)
    with replacing(path) as partial:
        # Names of files may hold bytes that are no text.
        partial.write_text(page, encoding="utf-8", errors="backslashreplace")


def number(
    key: str,
    value: float | None,
    digits: int,
    unit: str = "",
    scale: float = 1.0,
    sign: bool = False,
) -> Markup:
    """A number of the page's JSON file, marked with its key there; a dash if it is unknown.

    Args:
        key: dotted place in the file.
        value: as the file has it.
        digits: after the point.
        unit: shown behind the number.
        scale: factor from the value to the unit.
        sign: whether to write a plus before a positive number.
    """
    if value is None:
        return Markup('<span data-figure="{}">&ndash;</span>').format(key)
    text = f"{scale * value:{'+' if sign else ''}.{digits}f}"
    span = Markup('<span data-figure="{}" data-scale="{:g}">{}</span>').format(key, scale, text)
    return span + Markup('<span class="unit">{}</span>').format(unit) if unit else span


def figure_number(figure: Figure, value: float | None, place: str = "") -> Markup:
    """A value of a figure as report.json has it.

    Args:
        figure: its entry.
        value: of all frames, of a class or of a recording.
        place: dotted place in the file; that of all frames if empty.
    """
    key = place or figure.json_place
    return number(key, value, figure.digits, figure.unit, figure.scale)


def note(figure: Figure, report: FrameTotals) -> Markup:
    """The remark on the card of a figure."""
    others = {other.key: figure_number(other, report.overall(other)) for other in FIGURES}
    return Markup(figure.note or "").format(**others)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("jetseg_core.replay.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Classes keep their order in the script's data.
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    environment.globals |= {
        "FIGURES": FIGURES,
        "judged": judged,
        "latency_bars": charts.latency_bars,
        "number": number,
        "figure_number": figure_number,
        "note": note,
    }
    return environment
