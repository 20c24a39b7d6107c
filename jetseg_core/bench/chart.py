"""A benchmark as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jetseg_core.atomic_file import replacing

VARIED = {
    "size": "pixels of a frame, thousands",
    "batch": "frames of a batch",
    "threads": "threads",
}


def draw(rows: Sequence[dict], machine: str, path: Path) -> None:
    """Write a PNG: bars of a frame's median time, or lines where size, batch or threads were varied.

    Args:
        rows: as `Timing.to_dict` gives them.
        machine: what stands below the title.
        path: of the picture.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    varied = next((key for key in VARIED if len({str(row[key]) for row in rows}) > 1), None)
    figure, axes = pyplot.subplots(figsize=(8, 4.5 if varied else 1.2 + 0.35 * len(rows)))
    if varied:
        for name in dict.fromkeys(_name(row) for row in rows):
            points = sorted(
                (_abscissa(row, varied), row["median_ms"] / row["batch"])
                for row in rows
                if _name(row) == name
            )
            axes.plot(*zip(*points, strict=True), marker="o", label=name)
        axes.set(xlabel=VARIED[varied], ylabel="ms a frame, median", xlim=(0, None), ylim=(0, None))
        axes.legend()
    else:
        names = [_name(row) for row in rows]
        bars = axes.barh(range(len(rows)), [row["median_ms"] for row in rows], color="#4878a8")
        axes.bar_label(bars, fmt="%.1f", padding=3)
        axes.set_yticks(range(len(rows)), names)
        axes.invert_yaxis()
        axes.margins(x=0.12)
        axes.set_xlabel("ms a frame, median")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(_title(rows, machine, varied), fontsize=9, loc="left")
    figure.tight_layout()
    with replacing(path) as partial:
        figure.savefig(partial, format="png", dpi=150)
    pyplot.close(figure)


def _name(row: dict) -> str:
    return f"{row['model']}, {row['backend']} {row['precision']}"


def _abscissa(row: dict, varied: str) -> float:
    return row["size"][0] * row["size"][1] / 1000 if varied == "size" else row[varied]


def _title(rows: Sequence[dict], machine: str, varied: str | None) -> str:
    parts = {
        "size": f"{rows[0]['size'][0]}x{rows[0]['size'][1]} (height x width)",
        "threads": f"{rows[0]['threads']} threads",
        "batch": f"batch {rows[0]['batch']}",
    }
    return ", ".join([machine, *(text for key, text in parts.items() if key != varied)])
