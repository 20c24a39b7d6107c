"""What the node may cost on top of the model, as limits that a measurement meets or does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MODEL_SHARE = 1.15
"""The model may take this much longer with a camera and a consumer beside it."""
NODE_MS = 3.0
"""What the node may add to the time of a bare node and of the model."""
LEAST_RATE = 0.85
"""Share of the model's own rate that must come out of the node."""
BARE, LABEL, ALL = "bare node", "label, occupancy", "all outputs"
CONFIGURATIONS = (BARE, LABEL, ALL)


@dataclass(frozen=True)
class Cell:
    """One measurement, in the form of the report."""

    image: str
    """Width x height, pixels."""
    rate_hz: float
    """Of the camera; 0 = as fast as possible."""
    configuration: str
    """One of `CONFIGURATIONS`."""
    labels_hz: float
    p50_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True)
class Bar:
    """A limit and what was measured against it."""

    what: str
    image: str
    rate_hz: float
    measured: float
    limit: float
    met: bool


def compare(cells: Sequence[Cell], model_ms: dict[str, float]) -> list[Bar]:
    """The bars of the node with label and occupancy, in the order of the cells.

    Latency counts where the model keeps up with the camera, the age of results where it does not, and
    the rate where images come as fast as possible.

    Args:
        cells: of one run.
        model_ms: the model's own time for an image of each size, milliseconds.
    """
    floors = {(c.image, c.rate_hz): c.p50_ms for c in cells if c.configuration == BARE}
    bars = []
    for cell in cells:
        own_ms, floor = model_ms[cell.image], floors.get((cell.image, cell.rate_hz))
        if cell.configuration != LABEL or cell.p50_ms is None or cell.p99_ms is None:
            continue
        if not cell.rate_hz:
            what, measured, limit = "labels/s", cell.labels_hz, LEAST_RATE * 1e3 / own_ms
        elif 1e3 / cell.rate_hz < own_ms:
            what, measured = "age p99 (ms)", cell.p99_ms
            limit = 2 * own_ms + 1e3 / cell.rate_hz
        elif floor is not None:
            what, measured = "latency p50 (ms)", cell.p50_ms
            limit = floor + MODEL_SHARE * own_ms + NODE_MS
        else:
            continue
        met = measured >= limit if what == "labels/s" else measured <= limit
        bars.append(Bar(what, cell.image, cell.rate_hz, round(measured, 2), round(limit, 2), met))
    return bars
