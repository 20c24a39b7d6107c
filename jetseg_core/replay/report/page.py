"""One HTML file that holds everything it shows: style, script, pictures and numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from jetseg_core.atomic_file import replacing


def write_page(path: Path, title: str, body: str, data: Mapping[str, Any]) -> None:
    """Write a page that opens offline, at any width, in light and dark.

    Args:
        body: HTML; text in it is escaped already.
        data: what the script needs, kept in the element with the id "data".
    """
    folder = files("jetseg_core.replay.report")
    style = (folder / "page.css").read_text(encoding="utf-8")
    script = (folder / "page.js").read_text(encoding="utf-8")
    # "</" would end the element.
    plain = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("</", "<\\/")
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>\n{style}</style></head>\n<body><main>\n{body}\n</main>"
        f'<script type="application/json" id="data">{plain}</script>'
        f"<script>\n{script}</script></body></html>\n"
    )
    with replacing(path) as partial:
        partial.write_text(page, encoding="utf-8")


def figure(
    key: str,
    value: float | None,
    digits: int = 1,
    unit: str = "",
    scale: float = 1.0,
    sign: bool = False,
) -> str:
    """A number of the report, marked with its key in the JSON; a dash where it is not known."""
    if value is None:
        return f'<span data-figure="{escape(key)}">&ndash;</span>'
    unit = f'<span class="unit">{escape(unit)}</span>' if unit else ""
    text = f"{scale * value:{'+' if sign else ''}.{digits}f}"
    return f'<span data-figure="{escape(key)}" data-scale="{scale:g}">{text}</span>{unit}'


def cards(entries: Iterable[tuple[str, str, str]]) -> str:
    """The most important figures: (name, figure, remark) each."""
    return (
        '<div class="cards">'
        + "".join(
            f'<div class="card"><div class="name">{escape(name)}</div><div class="value">{value}</div>'
            f'<div class="remark">{remark}</div></div>'
            for name, value, remark in entries
        )
        + "</div>"
    )


def section(title: str, body: str, remark: str = "") -> str:
    """A part of the page under a heading."""
    remark = f'<p class="remark">{remark}</p>' if remark else ""
    return f"<section><h2>{escape(title)}</h2>{remark}{body}</section>"


def facts(entries: Mapping[str, str]) -> str:
    """Names and values, as plain text."""
    return (
        '<dl class="facts">'
        + "".join(
            f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
            for name, value in entries.items()
        )
        + "</dl>"
    )


def legend(colors: Mapping[str, str]) -> str:
    """Names with their colors."""
    return (
        '<div class="legend">'
        + "".join(f"<span>{swatch(color)}{escape(name)}</span>" for name, color in colors.items())
        + "</div>"
    )


def swatch(color: str) -> str:
    """A spot of a color."""
    return f'<i class="swatch" style="background:{color}"></i>'


def bar(share: float | None, color: str = "var(--accent)") -> str:
    """A bar of that share (0..1) of its room."""
    width = 0.0 if share is None else 100 * min(1.0, max(0.0, share))
    return f'<span class="bar"><i style="width:{width:.2f}%;background:{color}"></i></span>'
