"""Benchmarks as pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jetseg_core.atomic_file import replacing

VARIED = {
    "size": "pixels of a frame, thousands",
    "batch": "frames of a batch",
    "threads": "threads",
}


def draw_models(rows: Sequence[dict], machine: str, path: Path) -> None:
    """Draw bars of a frame's median time, or lines if size, batch or threads were varied.

    Args:
        rows: as `Timing.to_dict` gives them.
        machine: first words of the title.
        path: of the picture, a PNG.
    """
    varied = next((key for key in VARIED if len({str(row[key]) for row in rows}) > 1), None)
    figure, axes = _figure(1, (8, 4.5 if varied else 1.2 + 0.35 * len(rows)))
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
    first = rows[0]
    fixed = {
        "size": f"{first['size'][0]}x{first['size'][1]} (height x width)",
        "threads": f"{first['threads']} threads",
        "batch": f"batch {first['batch']}",
    }
    title = [machine, *(text for key, text in fixed.items() if key != varied)]
    _save(figure, ", ".join(title), path)


def draw_accuracy(
    rows: Sequence[dict], accuracy: Mapping[str, float], machine: str, path: Path
) -> None:
    """Draw a point for each model of known accuracy, by a frame's median time.

    Args:
        rows: as `Timing.to_dict` gives them.
        accuracy: percent by model.
        machine: first words of the title.
        path: of the picture, a PNG.
    """
    figure, axes = _figure(1, (8, 4.5))
    for precision in dict.fromkeys(row["precision"] for row in rows):
        shown = [r for r in rows if r["precision"] == precision and r["model"] in accuracy]
        points = [(row["median_ms"] / row["batch"], accuracy[row["model"]]) for row in shown]
        axes.scatter([x for x, _ in points], [y for _, y in points], label=precision)
        for row, point in zip(shown, points, strict=True):
            axes.annotate(row["model"], point, (5, 4), textcoords="offset points", fontsize=8)
    axes.set(xlabel="ms a frame, median", ylabel="accuracy, %", xlim=(0, None))
    axes.margins(0.15)
    axes.legend()
    height, width = rows[0]["size"]
    _save(figure, f"{machine}, {height}x{width} (height x width)", path)


def draw_cameras(rows: Sequence[dict], title: str, path: Path) -> None:
    """Draw labels a second and their ages, by the number of cameras.

    Args:
        rows: with ``cameras``, ``sent_hz``, ``labels_hz``, ``least_labels_hz``, ``p50_ms``, ``p99_ms``.
        title: of the picture.
        path: of the picture, a PNG.
    """
    counts = [row["cameras"] for row in rows]
    figure, (rates, ages) = _figure(2, (8, 4))
    rates.plot(counts, [row["sent_hz"] for row in rows], "--", color="gray", label="images sent")
    for axes, key, label in (
        (rates, "labels_hz", "labels, all cameras"),
        (rates, "least_labels_hz", "labels, the slowest camera"),
        (ages, "p50_ms", "p50"),
        (ages, "p99_ms", "p99"),
    ):
        axes.plot(counts, [row[key] for row in rows], marker="o", label=label)
    rates.set(ylabel="a second")
    ages.set(ylabel="image published to label received, ms")
    for axes in (rates, ages):
        axes.set(xlabel="cameras", ylim=(0, None), xticks=counts)
        axes.legend()
    _save(figure, title, path)


def _figure(columns: int, size: tuple[float, float]) -> tuple[Any, Any]:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot.subplots(1, columns, figsize=size)


def _save(figure: Any, title: str, path: Path) -> None:
    from matplotlib import pyplot

    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title, fontsize=9, x=0.02, ha="left")
    figure.tight_layout()
    with replacing(path) as partial:
        figure.savefig(partial, format="png", dpi=150)
    pyplot.close(figure)


def _name(row: dict) -> str:
    return f"{row['model']}, {row['backend']} {row['precision']}"


def _abscissa(row: dict, varied: str) -> float:
    return row["size"][0] * row["size"][1] / 1000 if varied == "size" else row[varied]
