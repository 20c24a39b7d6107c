"""Several cameras on one node, which serves them in turn."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rclpy.context import Context
from tqdm import tqdm

from jetseg_core.atomic_file import replacing
from jetseg_ros.bench.driver import Driver
from jetseg_ros.demo.demo_command import node_parameters
from jetseg_ros.node.process import NodeProcess
from jetseg_ros.node.publishers import OUTPUT_TYPES

OUTPUTS = {"occupancy": OUTPUT_TYPES["occupancy"]}
"""What is subscribed to beside the label."""


def measure_cameras(
    options: argparse.Namespace, pixels: np.ndarray, rate_hz: float
) -> list[dict[str, float | int | None]]:
    """A node of its own for each number of cameras, all of one rate, each camera with its consumer.

    Args:
        options: as parsed; ``cameras`` are the numbers, ``seconds`` the duration of each measurement.
        pixels: (H, W, 3) uint8 RGB, what every camera sends.
        rate_hz: images per second of each camera.

    Returns:
        For each number: labels a second of all cameras and of the one that got fewest; median and 99th percentile
        of the labels' ages, in ms, over all cameras.

    Raises:
        JetSegError: the node does not start or answer.
    """
    rows = []
    for count in tqdm(options.cameras, "measuring", disable=None):
        prefixes = [f"/camera{index}" for index in range(count)]
        parameters = node_parameters(options) | {"cameras": f"[{', '.join(prefixes)}]"}
        with ExitStack() as stack:
            logs = Path(stack.enter_context(TemporaryDirectory()))
            node = stack.enter_context(
                NodeProcess("jetseg_ros.node.segmentation_node", parameters, logs / "node.log")
            )
            drivers = [_driver(stack, prefix) for prefix in prefixes]
            threads = stack.enter_context(ThreadPoolExecutor(count))
            pending = [
                threads.submit(driver.measure, pixels, rate_hz, options.seconds, node.check)
                for driver in drivers
            ]
            found = [future.result() for future in pending]
        ages_ms = np.concatenate([one.ages_ms for one in found])
        p50, p99 = np.percentile(ages_ms, (50, 99)) if ages_ms.size else (np.nan, np.nan)
        rows.append(
            {
                "cameras": count,
                "sent_hz": round(sum(one.sent_hz for one in found), 2),
                "labels_hz": round(sum(one.labels_hz for one in found), 2),
                "least_labels_hz": round(min(one.labels_hz for one in found), 2),
                "p50_ms": round(float(p50), 2) if ages_ms.size else None,
                "p99_ms": round(float(p99), 2) if ages_ms.size else None,
            }
        )
    return rows


def _driver(stack: ExitStack, prefix: str) -> Driver:
    """The camera with this prefix and its consumer, with a context of its own, so that it can have a thread."""
    context = Context()
    context.init(args=[])
    stack.callback(context.try_shutdown)
    driver = Driver(context, prefix, OUTPUTS)
    stack.callback(driver.destroy_node)
    return driver


def draw_cameras(rows: Sequence[dict], title: str, path: Path) -> None:
    """Write a PNG: labels a second and their ages, by the number of cameras."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    counts = [row["cameras"] for row in rows]
    figure, (rates, ages) = pyplot.subplots(1, 2, figsize=(8, 4))
    rates.plot(counts, [row["sent_hz"] for row in rows], "--", color="gray", label="images sent")
    rates.plot(counts, [row["labels_hz"] for row in rows], marker="o", label="labels, all cameras")
    rates.plot(
        counts,
        [row["least_labels_hz"] for row in rows],
        marker="o",
        label="labels, the slowest camera",
    )
    rates.set(ylabel="a second")
    for key in ("p50_ms", "p99_ms"):
        ages.plot(counts, [row[key] for row in rows], marker="o", label=key.removesuffix("_ms"))
    ages.set(ylabel="image published to label received, ms")
    for axes in (rates, ages):
        axes.set(xlabel="cameras", ylim=(0, None), xticks=counts)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend()
    figure.suptitle(title, fontsize=9, x=0.02, ha="left")
    figure.tight_layout()
    with replacing(path) as partial:
        figure.savefig(partial, format="png", dpi=150)
    pyplot.close(figure)
