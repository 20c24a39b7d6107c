"""The command: a bare node and ours, in turns, at several sizes and rates."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rclpy.context import Context
from tqdm import tqdm

from jetseg_core.benchmark import describe_processor
from jetseg_core.cli.options import add_runtime_options, runtime_settings
from jetseg_core.errors import JetSegError
from jetseg_core.runtime import Runtime, create_runtime
from jetseg_ros.bench_node.bars import ALL, BARE, CONFIGURATIONS, LABEL, Cell, compare
from jetseg_ros.bench_node.driver import Driver
from jetseg_ros.camera_outputs import OUTPUT_TYPES
from jetseg_ros.dds import stay_on_this_machine
from jetseg_ros.demo.child import Child
from jetseg_ros.demo.command import node_parameters

IMAGES = ["640x480", "960x720", "1920x1080"]
RATES_HZ = [15.0, 30.0, 60.0, 0.0]
MODEL_FRAMES = 30


def main(argv: list[str] | None = None) -> int:
    """Measure and print; returns the exit status."""
    options = _parser().parse_args(argv)
    stay_on_this_machine()
    try:
        result = _measure(options)
    except JetSegError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        _print(result)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jetseg-bench-node",
        description="Times image published to label received over DDS: for a bare node that answers with "
        "a black image, for the segmentation node with label and occupancy, and with every output.",
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
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_runtime_options(parser)
    return parser


def _pixels(size: str) -> np.ndarray:
    """Noise of a size such as 640x480: (480, 640, 3) uint8."""
    match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", size)
    if match is None:
        raise JetSegError(f"--images: '{size}' is no size; expected width x height, as in 640x480")
    width, height = int(match[1]), int(match[2])
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def _measure(options: argparse.Namespace) -> dict[str, object]:
    images = {size: _pixels(size) for size in options.images}
    if min(options.rates) < 0 or options.seconds <= 0:
        raise JetSegError("--rates must be 0 or more, and --seconds more than 0")
    runtime = create_runtime(runtime_settings(options))
    model_ms = {size: _model_ms(runtime, pixels) for size, pixels in images.items()}
    selection = runtime.selection
    runtime.close()
    outputs = {
        BARE: {},
        LABEL: {"occupancy": OUTPUT_TYPES["occupancy"]},
        ALL: {topic: kind for topic, kind in OUTPUT_TYPES.items() if topic != "label"},
    }
    results, cells = [], []
    with ExitStack() as stack:
        logs = Path(stack.enter_context(TemporaryDirectory()))
        nodes = {
            "bare": stack.enter_context(
                Child("jetseg_ros.bench_node.bare_node", {}, logs / "bare.log", namespace="bare")
            ),
            "jetseg": stack.enter_context(
                Child(
                    "jetseg_ros.segmentation_node",
                    node_parameters(options),
                    logs / "node.log",
                    namespace="jetseg",
                )
            ),
        }
        turns = [(s, r, c) for s in images for r in options.rates for c in CONFIGURATIONS]
        # In turns, so that a machine's moods reach all three alike.
        for size, rate_hz, configuration in tqdm(turns, "measuring", disable=None):
            name = "bare" if configuration == BARE else "jetseg"
            with ExitStack() as turn:
                # A context for each: what nobody subscribes to any more is not computed.
                context = Context()
                context.init(args=[])
                turn.callback(context.try_shutdown)
                driver = Driver(context, name, outputs[configuration])
                turn.callback(driver.destroy_node)
                found = driver.measure(
                    images[size], rate_hz, options.seconds, nodes[name].check
                ).to_dict()
            results.append(
                {"image": size, "rate_hz": rate_hz, "configuration": configuration, **found}
            )
            fields = {key: found[key] for key in ("labels_hz", "p50_ms", "p99_ms")}
            cells.append(Cell(size, rate_hz, configuration, **fields))  # type: ignore[arg-type]
    return {
        "machine": {"processor": describe_processor()},
        "runtime": selection,
        "model_ms": model_ms,
        "results": results,
        "bars": [asdict(bar) for bar in compare(cells, model_ms)],
    }


def _model_ms(runtime: Runtime, pixels: np.ndarray) -> float:
    """Median time of the runtime alone for one image, as the occupancy wants it."""
    times = []
    for _ in range(MODEL_FRAMES + 3):
        began = time.perf_counter()
        runtime.segment(pixels, confidence=True)
        times.append(1e3 * (time.perf_counter() - began))
    return round(float(np.median(times[3:])), 2)


def _print(result: dict[str, object]) -> None:
    print(f"{result['machine']['processor']}; {result['runtime']}")  # type: ignore[index]
    own: dict[str, float] = result["model_ms"]  # type: ignore[assignment]
    print("model alone: " + ", ".join(f"{size} {ms:.1f} ms" for size, ms in own.items()))
    rows: list[dict[str, object]] = result["results"]  # type: ignore[assignment]
    print(
        f"\n{'image':<11}{'camera':<10}{'node':<18}{'sent/s':>8}{'labels/s':>10}{'p50':>12}{'p99':>12}"
    )
    for row in rows:
        p50, p99 = (f"{row[k]:.1f} ms" if row[k] is not None else "-" for k in ("p50_ms", "p99_ms"))
        print(
            f"{row['image']:<11}{_rate(row['rate_hz']):<10}{row['configuration']:<18}"
            f"{row['sent_hz']:>8.1f}{row['labels_hz']:>10.1f}{p50:>12}{p99:>12}"
        )
    bars: list[dict[str, object]] = result["bars"]  # type: ignore[assignment]
    print()
    for bar in bars:
        sign = ">=" if bar["what"] == "labels/s" else "<="
        print(
            f"{'met ' if bar['met'] else 'over'}  {bar['image']:<11}{_rate(bar['rate_hz']):<10}"
            f"{bar['what']:<17}{bar['measured']:>8} {sign} {bar['limit']}"
        )


def _rate(rate_hz: object) -> str:
    return f"{rate_hz:g} Hz" if rate_hz else "max"
