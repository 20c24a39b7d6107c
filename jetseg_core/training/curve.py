"""A run's curve: a row an epoch in a CSV file, and the same as a picture."""

from __future__ import annotations

import csv
from pathlib import Path

from jetseg_core.atomic_file import replacing


def append_row(path: Path, row: dict[str, object], fresh: bool) -> None:
    """Add an epoch to a CSV file; `fresh` starts it anew."""
    fresh = fresh or not path.is_file()
    earlier = "" if fresh else path.read_bytes().decode()
    with replacing(path) as partial, partial.open("w", newline="") as file:
        file.write(earlier)
        writer = csv.DictWriter(file, row)
        if fresh:
            writer.writeheader()
        writer.writerow(row)


def draw_curve(path: Path) -> None:
    """Draw a CSV file's losses and validation scores by epoch into a PNG of the same name."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    losses = [name for name in rows[0] if name not in ("epoch", "seconds", "val_miou")]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4))
    epochs = [int(row["epoch"]) for row in rows]
    for name in losses:
        left.plot(epochs, [float(row[name]) for row in rows], label=name)
    left.set(xlabel="epoch", ylabel="training loss", ylim=(0, None))
    left.legend()
    scores = [(int(row["epoch"]), float(row["val_miou"])) for row in rows if row["val_miou"]]
    if scores:
        right.plot(*zip(*scores, strict=True), marker="o", markersize=3)
    right.set(xlabel="epoch", ylabel="val mIoU, %")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3)
    figure.tight_layout()
    with replacing(path.with_suffix(".png")) as partial:
        figure.savefig(partial, format="png", dpi=120)
    pyplot.close(figure)
