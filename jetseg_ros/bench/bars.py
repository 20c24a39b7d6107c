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
AGE_IN_INFERENCES = 2
"""Under overload a result is no older than this many inferences and one frame period."""
BARE, LABEL, ALL = "bare node", "label, occupancy", "all outputs"
CONFIGURATIONS = (BARE, LABEL, ALL)
OVERLOAD = "overload"
"""Label and occupancy, of a camera that is `OUTRUN` times as fast as the model."""
OUTRUN = 2


@dataclass(frozen=True)
class Cell:
    """One measurement, in the form of the report."""

    image: str
    """Width x height, pixels."""
    rate_hz: float
    """Of the camera, as it was asked for; 0 = as fast as possible."""
    configuration: str
    """One of `CONFIGURATIONS`, or `OVERLOAD`."""
    sent_hz: float
    """Of the camera, as it came out."""
    labels_hz: float
    p50_ms: float | None
    p99_ms: float | None
    model_ms: float
    """The model's own time for an image, the median of times in between the measurement."""
    model_hz: float
    """Images per second of the model alone, in between the measurement."""


@dataclass(frozen=True)
class Bar:
    """A limit and what was measured against it."""

    what: str
    image: str
    rate_hz: float
    measured: float
    limit: float
    met: bool | None
    """None where the case did not come about: the camera, on the same cores, did not outrun the model."""


def compare(cells: Sequence[Cell]) -> list[Bar]:
    """The bars of the node with label and occupancy, in the order of the cells.

    Latency counts where the model keeps up with the camera, the age of results where the camera outruns
    it, and the rate where images come as fast as possible.

    Args:
        cells: of one run.
    """
    floors = {(c.image, c.rate_hz): c.p50_ms for c in cells if c.configuration == BARE}
    bars = []
    for cell in cells:
        own_ms, floor = cell.model_ms, floors.get((cell.image, cell.rate_hz))
        if cell.p50_ms is None or cell.p99_ms is None:
            continue
        if cell.configuration == OVERLOAD:
            what, measured = "age p99 (ms)", cell.p99_ms
            limit = AGE_IN_INFERENCES * own_ms + 1e3 / cell.sent_hz
            met = measured <= limit if cell.sent_hz * own_ms > 1e3 else None
        elif cell.configuration == LABEL and not cell.rate_hz:
            what, measured, limit = "labels/s", cell.labels_hz, LEAST_RATE * cell.model_hz
            met = measured >= limit
        elif cell.configuration == LABEL and cell.rate_hz * own_ms <= 1e3 and floor is not None:
            what, measured = "latency p50 (ms)", cell.p50_ms
            limit = floor + MODEL_SHARE * own_ms + NODE_MS
            met = measured <= limit
        else:
            continue
        bars.append(Bar(what, cell.image, cell.rate_hz, round(measured, 2), round(limit, 2), met))
    return bars
