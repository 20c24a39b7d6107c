"""The command: a bare node and ours, in turns, at several sizes and rates."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from rclpy.context import Context
from tqdm import tqdm

from jetseg_core.allocator import keep_freed_memory
from jetseg_core.bench.machine import describe_processor
from jetseg_core.cli.broken_pipe import quiet_on_broken_pipe
from jetseg_core.cli.options import add_runtime_options, read_size, runtime_settings
from jetseg_core.errors import JetSegError
from jetseg_core.runtime import Runtime, create_runtime
from jetseg_ros.bench.bars import (
    ALL,
    BARE,
    CONFIGURATIONS,
    LABEL,
    OUTRUN,
    OVERLOAD,
    Cell,
    compare,
)
from jetseg_ros.bench.driver import Driver, Measurement
from jetseg_ros.bench.many_cameras import draw_cameras, measure_cameras
from jetseg_ros.dds import stay_on_this_machine
from jetseg_ros.demo.child import Child
from jetseg_ros.demo.demo_command import node_parameters
from jetseg_ros.node.camera_outputs import OUTPUT_TYPES

IMAGES = ["640x480", "960x720", "1920x1080"]
RATES_HZ = [15.0, 30.0, 60.0, 0.0]
MODEL_FRAMES = 10
"""The model's, each time."""
WARM_UP = 3
"""Frames before them that are not counted: caches hold what the nodes left."""
_OCCUPANCY = {"occupancy": OUTPUT_TYPES["occupancy"]}
OUTPUTS: dict[str, dict[str, type]] = {
    BARE: {},
    LABEL: _OCCUPANCY,
    ALL: {topic: kind for topic, kind in OUTPUT_TYPES.items() if topic != "label"},
    OVERLOAD: _OCCUPANCY,
}
"""What is subscribed to beside the label."""


@quiet_on_broken_pipe()
def main(argv: list[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    options = _parser().parse_args(argv)
    stay_on_this_machine()
    keep_freed_memory()  # as the nodes do
    try:
        result = _measure_cameras(options) if options.cameras else _measure(options)
    except JetSegError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    if options.json:
        print(json.dumps(result, indent=2))
    elif options.cameras:
        _print_cameras(result)
    else:
        _print(result)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jetseg-bench-node",
        description="Times image published to label received over DDS: for a bare node that answers with "
        "a black image, for the segmentation node with label and occupancy, and with every output; and with "
        f"a camera {OUTRUN} times as fast as the model, where results must not grow old.",
    )
    parser.add_argument(
        "--images", nargs="+", default=IMAGES, metavar="WIDTHxHEIGHT", help="sizes of the camera"
    )
    parser.add_argument(
        "--rates",
        nargs="+",
        type=float,
        default=RATES_HZ,
        metavar="HZ",
        help="images per second; 0 = as fast as possible (default: 15 30 60 0)",
    )
    parser.add_argument(
        "--seconds", type=float, default=10.0, help="of each measurement (default: %(default)s)"
    )
    parser.add_argument(
        "--cameras", nargs="+", type=int, metavar="N",
        help="instead: so many cameras on one node, each of the first size and rate",
    )  # fmt: skip
    parser.add_argument("--chart", type=Path, metavar="PNG", help="of --cameras")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_runtime_options(parser)
    return parser


def _pixels(size: str) -> np.ndarray:
    """Noise of a size such as 640x480: (480, 640, 3) uint8."""
    height, width = read_size(size, "--images")
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def _measure_cameras(options: argparse.Namespace) -> dict[str, object]:
    size, rate_hz = options.images[0], options.rates[0]
    if min(options.cameras) < 1 or rate_hz <= 0 or options.seconds <= 0:
        raise JetSegError("--cameras, the first of --rates and --seconds must be more than 0")
    runtime = create_runtime(runtime_settings(options))
    selection, precision = runtime.selection, runtime.precision
    runtime.close()
    rows = measure_cameras(options, _pixels(size), rate_hz)
    machine = describe_processor()
    if options.chart:
        title = f"{machine}, cameras of {size} at {rate_hz:g} Hz, {precision}"
        draw_cameras(rows, title, options.chart)
    return {
        "machine": {"processor": machine},
        "runtime": selection,
        "image": size,
        "rate_hz": rate_hz,
        "results": rows,
    }


def _measure(options: argparse.Namespace) -> dict[str, object]:
    images = {size: _pixels(size) for size in options.images}
    if min(options.rates) < 0 or options.seconds <= 0:
        raise JetSegError("--rates must be 0 or more, and --seconds more than 0")
    runtime = create_runtime(runtime_settings(options))
    model_ms: dict[str, float] = {}
    results: list[dict[str, Any]] = []
    turns_of_a_size = 1 + len(options.rates) * len(CONFIGURATIONS)
    with ExitStack() as stack:
        stack.callback(runtime.close)
        logs = Path(stack.enter_context(TemporaryDirectory()))
        nodes = {
            "bare": stack.enter_context(
                Child("jetseg_ros.bench.bare_node", {}, logs / "bare.log", namespace="bare")
            ),
            "jetseg": stack.enter_context(
                Child(
                    "jetseg_ros.node.segmentation_node",
                    node_parameters(options),
                    logs / "node.log",
                    namespace="jetseg",
                )
            ),
        }
        progress = stack.enter_context(
            tqdm(total=len(images) * turns_of_a_size, desc="measuring", disable=None)
        )
        for configuration in (BARE, LABEL):  # until both nodes are up, and leave the model alone
            _turn(nodes, configuration, next(iter(images.values())), 0.0, 0.1)
        for size, pixels in images.items():
            own_ms: list[float] = []
            _time_model(runtime, pixels, own_ms)
            turns = [(round(1e3 * OUTRUN / float(np.median(own_ms)), 1), OVERLOAD)]
            turns += [(rate_hz, name) for rate_hz in options.rates for name in CONFIGURATIONS]
            of_all: list[float] = []
            for rate_hz, configuration in turns:
                # The model alone in turns with it: each is measured against what the machine could do meanwhile.
                own_ms = []
                pause = partial(_time_model, runtime, pixels, own_ms)
                found = _turn(nodes, configuration, pixels, rate_hz, options.seconds, pause)
                of_all += own_ms
                results.append(
                    {
                        "image": size,
                        "rate_hz": rate_hz,
                        "configuration": configuration,
                        "model_ms": round(float(np.median(own_ms)), 2),
                        "model_hz": round(1e3 / float(np.mean(own_ms)), 2),
                        **found.to_dict(),
                    }
                )
                progress.update()
            model_ms[size] = round(float(np.median(of_all)), 2)
    measured = [item.name for item in fields(Cell)]
    cells = [Cell(**{name: row[name] for name in measured}) for row in results]
    return {
        "machine": {"processor": describe_processor()},
        "runtime": runtime.selection,
        "model_ms": model_ms,
        "results": results,
        "bars": [asdict(bar) for bar in compare(cells)],
    }


def _turn(
    nodes: dict[str, Child],
    configuration: str,
    pixels: np.ndarray,
    rate_hz: float,
    seconds: float,
    pause: Callable[[], None] | None = None,
) -> Measurement:
    """One measurement of the node that the configuration is of; see `Driver.measure`."""
    name = "bare" if configuration == BARE else "jetseg"
    with ExitStack() as turn:
        # A context for each: what nobody subscribes to any more is not computed.
        context = Context()
        context.init(args=[])
        turn.callback(context.try_shutdown)
        driver = Driver(context, name, OUTPUTS[configuration])
        turn.callback(driver.destroy_node)
        return driver.measure(pixels, rate_hz, seconds, nodes[name].check, pause)


def _time_model(runtime: Runtime, pixels: np.ndarray, times_ms: list[float]) -> None:
    """Add the times of the runtime alone for one image, as the occupancy wants it, once it is under way."""
    for number in range(-WARM_UP, MODEL_FRAMES):
        began = time.perf_counter()
        _ = runtime.segment(pixels, confidence=True).confidence
        if number >= 0:
            times_ms.append(1e3 * (time.perf_counter() - began))


def _print(result: dict[str, object]) -> None:
    print(f"{result['machine']['processor']}; {result['runtime']}")  # type: ignore[index]
    own: dict[str, float] = result["model_ms"]  # type: ignore[assignment]
    print("model alone: " + ", ".join(f"{size} {ms:.1f} ms" for size, ms in own.items()))
    rows: list[dict[str, object]] = result["results"]  # type: ignore[assignment]
    print(
        f"\n{'image':<11}{'camera':<10}{'node':<18}{'sent/s':>8}{'labels/s':>10}{'p50':>12}{'p99':>12}"
        f"{'model':>12}"
    )
    for row in rows:
        p50, p99 = (f"{row[k]:.1f} ms" if row[k] is not None else "-" for k in ("p50_ms", "p99_ms"))
        print(
            f"{row['image']:<11}{_rate(row['rate_hz']):<10}{row['configuration']:<18}"
            f"{row['sent_hz']:>8.1f}{row['labels_hz']:>10.1f}{p50:>12}{p99:>12}{row['model_ms']:>9.1f} ms"
        )
    bars: list[dict[str, object]] = result["bars"]  # type: ignore[assignment]
    print()
    for bar in bars:
        sign = ">=" if bar["what"] == "labels/s" else "<="
        verdict = "no overload" if bar["met"] is None else "met" if bar["met"] else "not met"
        print(
            f"{verdict:<13}{bar['image']:<11}{_rate(bar['rate_hz']):<10}"
            f"{bar['what']:<17}{bar['measured']:>8} {sign} {bar['limit']}"
        )


def _print_cameras(result: dict[str, object]) -> None:
    print(f"{result['machine']['processor']}; {result['runtime']}")  # type: ignore[index]
    print(f"cameras of {result['image']} at {_rate(result['rate_hz'])}\n")
    print(f"{'cameras':>8}{'sent/s':>10}{'labels/s':>10}{'slowest':>10}{'p50':>12}{'p99':>12}")
    rows: list[dict[str, object]] = result["results"]  # type: ignore[assignment]
    for row in rows:
        p50, p99 = (f"{row[k]:.1f} ms" if row[k] is not None else "-" for k in ("p50_ms", "p99_ms"))
        print(
            f"{row['cameras']:>8}{row['sent_hz']:>10.1f}{row['labels_hz']:>10.1f}"
            f"{row['least_labels_hz']:>10.1f}{p50:>12}{p99:>12}"
        )


def _rate(rate_hz: object) -> str:
    return f"{rate_hz:g} Hz" if rate_hz else "max"
