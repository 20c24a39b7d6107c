"""Measurements of the node beside a bare node and the model alone, and the limits that it is to meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
from tqdm import tqdm

from jetseg_core.runtime import Runtime
from jetseg_ros.bench.driver import Measurement, open_driver
from jetseg_ros.node.process import NodeProcess
from jetseg_ros.node.publishers import OUTPUT_TYPES

MODEL_SHARE = 1.15
"""Limit of the model's time beside a camera and a consumer, as a multiple of its time alone."""
NODE_MS = 3.0
"""Limit of the time that the node adds to those of a bare node and of the model, milliseconds."""
LEAST_RATE = 0.85
"""Least share of the model's own rate that the node must reach."""
AGE_IN_INFERENCES = 2
"""Limit of a result's age under overload, in inferences; one frame period is added."""
OUTRUN = 2
"""Rate of the camera under overload, as a multiple of the model's rate."""
MODEL_FRAMES = 10
"""Frames of the model alone, in each pause of a measurement."""
WARM_UP = 3
"""Uncounted frames before them: caches hold data of the nodes."""

BARE, LABEL, ALL = "bare node", "label, occupancy", "all outputs"
OVERLOAD = "overload"
"""Label and occupancy, with a camera `OUTRUN` times as fast as the model."""
CONFIGURATIONS = (BARE, LABEL, ALL)
_OCCUPANCY = {"occupancy": OUTPUT_TYPES["occupancy"]}
OUTPUTS: dict[str, dict[str, type]] = {
    BARE: {},
    LABEL: _OCCUPANCY,
    ALL: {topic: kind for topic, kind in OUTPUT_TYPES.items() if topic != "label"},
    OVERLOAD: _OCCUPANCY,
}
"""Subscribed outputs beside the label, by configuration."""


@dataclass(frozen=True)
class Cell:
    """One measurement, in the form of the report."""

    image: str
    """Width x height, pixels."""
    rate_hz: float
    """Rate of the camera as asked for; 0 = as fast as possible."""
    configuration: str
    """One of `CONFIGURATIONS`, or `OVERLOAD`."""
    model_ms: float
    """Time of the model alone for an image: the median of times in the pauses of the measurement."""
    model_hz: float
    """Images per second of the model alone in the same pauses: the inverse of the mean."""
    sent_hz: float
    """Rate of the camera as it was."""
    labels_hz: float
    labels: int
    """Number of labels received."""
    p50_ms: float | None
    """Percentile of the labels' ages; None without labels."""
    p99_ms: float | None


@dataclass(frozen=True)
class Bar:
    """A limit, and the figure that is to meet it."""

    what: str
    image: str
    rate_hz: float
    measured: float
    limit: float
    met: bool | None
    """None if there was no overload, because the camera, on the same cores, was not faster than the model."""


def measure_node(
    runtime: Runtime,
    parameters: Mapping[str, str],
    images: Mapping[str, np.ndarray],
    rates_hz: Sequence[float],
    seconds: float,
) -> tuple[list[Cell], dict[str, float]]:
    """Measure every configuration at every size and rate, in turns with the model alone.

    Args:
        runtime: the model alone.
        parameters: of the segmentation node, which run the same model.
        images: (H, W, 3) uint8 RGB by the name of their size.
        rates_hz: images per second; 0 = as fast as possible.
        seconds: duration of each measurement.

    Returns:
        The measurements, and the model's median time alone for each size, in milliseconds.

    Raises:
        JetSegError: a node does not start or answer.
    """
    cells: list[Cell] = []
    model_ms: dict[str, float] = {}
    with ExitStack() as stack:
        logs = Path(stack.enter_context(TemporaryDirectory()))
        bare = stack.enter_context(
            NodeProcess("jetseg_ros.bench.bare_node", {}, logs / "bare.log", namespace="bare")
        )
        node = stack.enter_context(
            NodeProcess(
                "jetseg_ros.node.segmentation_node",
                parameters,
                logs / "node.log",
                namespace="jetseg",
            )
        )

        def take_turn(
            configuration: str,
            pixels: np.ndarray,
            rate_hz: float,
            seconds: float,
            pause: Callable[[], None] | None = None,
        ) -> Measurement:
            name, child = ("bare", bare) if configuration == BARE else ("jetseg", node)
            # Opened each time, since outputs without a subscriber are not computed.
            with open_driver(name, OUTPUTS[configuration]) as driver:
                return driver.measure(pixels, rate_hz, seconds, child.check, pause)

        for configuration in (BARE, LABEL):  # until both nodes are up and leave the model alone
            take_turn(configuration, next(iter(images.values())), 0.0, 0.1)
        total = len(images) * (1 + len(rates_hz) * len(CONFIGURATIONS))
        progress = stack.enter_context(tqdm(total=total, desc="measuring", disable=None))
        for size, pixels in images.items():
            before_ms: list[float] = []
            time_model(runtime, pixels, before_ms)
            turns = [(round(1e3 * OUTRUN / float(np.median(before_ms)), 1), OVERLOAD)]
            turns += [(rate_hz, name) for rate_hz in rates_hz for name in CONFIGURATIONS]
            of_size: list[float] = []
            for rate_hz, configuration in turns:
                # The speed of a shared machine varies, so each measurement has the model's times in its own pauses.
                own_ms: list[float] = []
                pause = partial(time_model, runtime, pixels, own_ms)
                found = take_turn(configuration, pixels, rate_hz, seconds, pause)
                cells.append(make_cell(size, rate_hz, configuration, own_ms, found))
                of_size += own_ms
                progress.update()
            model_ms[size] = round(float(np.median(of_size)), 2)
    return cells, model_ms


def time_model(runtime: Runtime, pixels: np.ndarray, times_ms: list[float]) -> None:
    """Append the times of the model alone for an image, with the confidence, which the occupancy needs."""
    for number in range(-WARM_UP, MODEL_FRAMES):
        began = perf_counter()
        _ = runtime.segment(pixels, confidence=True).confidence
        if number >= 0:
            times_ms.append(1e3 * (perf_counter() - began))


def make_cell(
    image: str,
    rate_hz: float,
    configuration: str,
    own_ms: Sequence[float],
    found: Measurement,
) -> Cell:
    """The report's form of a measurement and the model's times in its pauses."""
    return Cell(
        image,
        rate_hz,
        configuration,
        model_ms=round(float(np.median(own_ms)), 2),
        model_hz=round(1e3 / float(np.mean(own_ms)), 2),
        sent_hz=round(found.sent_hz, 2),
        labels_hz=round(found.labels_hz, 2),
        labels=int(found.ages_ms.size),
        p50_ms=found.percentile_ms(50),
        p99_ms=found.percentile_ms(99),
    )


def compare(cells: Sequence[Cell]) -> list[Bar]:
    """Compare the node with label and occupancy with its limits, in the order of the cells.

    The latency counts if the model keeps up with the camera, the age of results if the camera is faster, and the
    rate if images come as fast as possible.

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


def measure_cameras(
    parameters: Mapping[str, str],
    counts: Sequence[int],
    pixels: np.ndarray,
    rate_hz: float,
    seconds: float,
) -> list[dict[str, float | int | None]]:
    """Measure a node that serves several cameras in turn, one node for each number of cameras.

    Args:
        parameters: of the segmentation node.
        counts: numbers of cameras.
        pixels: (H, W, 3) uint8 RGB, which every camera sends.
        rate_hz: images per second of each camera.
        seconds: duration of each measurement.

    Returns:
        For each number: labels a second of all cameras and of the slowest; median and 99th percentile of the labels'
        ages over all cameras, in milliseconds.

    Raises:
        JetSegError: the node does not start or answer.
    """
    rows: list[dict[str, float | int | None]] = []
    for count in tqdm(counts, "measuring", disable=None):
        prefixes = [f"/camera{index}" for index in range(count)]
        cameras = {**parameters, "cameras": f"[{', '.join(prefixes)}]"}
        with ExitStack() as stack:
            log = Path(stack.enter_context(TemporaryDirectory())) / "node.log"
            node = stack.enter_context(
                NodeProcess("jetseg_ros.node.segmentation_node", cameras, log)
            )
            drivers = [stack.enter_context(open_driver(name, _OCCUPANCY)) for name in prefixes]
            threads = stack.enter_context(ThreadPoolExecutor(count))
            pending = [
                threads.submit(driver.measure, pixels, rate_hz, seconds, node.check)
                for driver in drivers
            ]
            found = [future.result() for future in pending]
        together = Measurement(
            sent_hz=sum(one.sent_hz for one in found),
            labels_hz=sum(one.labels_hz for one in found),
            ages_ms=np.concatenate([one.ages_ms for one in found]),
        )
        rows.append(
            {
                "cameras": count,
                "sent_hz": round(together.sent_hz, 2),
                "labels_hz": round(together.labels_hz, 2),
                "least_labels_hz": round(min(one.labels_hz for one in found), 2),
                "p50_ms": together.percentile_ms(50),
                "p99_ms": together.percentile_ms(99),
            }
        )
    return rows
