"""The command `jetseg-bench-node`."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from jetseg_core.allocator import keep_freed_memory
from jetseg_core.bench.chart import draw_cameras
from jetseg_core.bench.machine import describe_processor
from jetseg_core.cli.broken_pipe import quiet_on_broken_pipe
from jetseg_core.cli.options import add_runtime_options, add_version, read_size, runtime_settings
from jetseg_core.errors import JetSegError
from jetseg_core.runtime import create_runtime
from jetseg_ros.bench.node_bench import OUTRUN, compare, measure_cameras, measure_node
from jetseg_ros.demo.demo_command import node_parameters
from jetseg_ros.node.process import stay_on_this_machine

IMAGES = ["640x480", "960x720", "1920x1080"]
RATES_HZ = [15.0, 30.0, 60.0, 0.0]


@quiet_on_broken_pipe()
def main(argv: list[str] | None = None) -> int:
    """Measure and print; return the exit status."""
    options = _parser().parse_args(argv)
    stay_on_this_machine()
    keep_freed_memory()  # as the nodes do
    measure, show = (
        (_measure_cameras, _print_cameras) if options.cameras else (_measure, _print_table)
    )
    try:
        result = measure(options)
    except JetSegError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        show(result)
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
        "--rates", nargs="+", type=float, default=RATES_HZ, metavar="HZ",
        help="images per second; 0 = as fast as possible (default: 15 30 60 0)",
    )  # fmt: skip
    parser.add_argument(
        "--seconds", type=float, default=10.0, help="of each measurement (default: %(default)s)"
    )
    parser.add_argument(
        "--cameras", nargs="+", type=int, metavar="N",
        help="instead: these numbers of cameras on one node, each of the first size and rate",
    )  # fmt: skip
    parser.add_argument("--chart", type=Path, metavar="PNG", help="of --cameras")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_runtime_options(parser)
    add_version(parser)
    return parser


def _pixels(size: str) -> np.ndarray:
    """Noise of a size such as 640x480: (480, 640, 3) uint8."""
    height, width = read_size(size, "--images")
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    images = {size: _pixels(size) for size in options.images}
    if min(options.rates) < 0 or options.seconds <= 0:
        raise JetSegError("--rates must be 0 or more, and --seconds more than 0")
    with closing(create_runtime(runtime_settings(options))) as runtime:
        cells, model_ms = measure_node(
            runtime, node_parameters(options), images, options.rates, options.seconds
        )
        return {
            "machine": {"processor": describe_processor()},
            "runtime": runtime.selection,
            "model_ms": model_ms,
            "results": [asdict(cell) for cell in cells],
            "bars": [asdict(bar) for bar in compare(cells)],
        }


def _measure_cameras(options: argparse.Namespace) -> dict[str, Any]:
    size, rate_hz, machine = options.images[0], options.rates[0], describe_processor()
    pixels = _pixels(size)
    if min(options.cameras) < 1 or rate_hz <= 0 or options.seconds <= 0:
        raise JetSegError("--cameras, the first of --rates and --seconds must be more than 0")
    with closing(create_runtime(runtime_settings(options))) as runtime:
        selection, precision = runtime.selection, runtime.precision
    rows = measure_cameras(
        node_parameters(options), options.cameras, pixels, rate_hz, options.seconds
    )
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


def _print_table(result: dict[str, Any]) -> None:
    print(f"{result['machine']['processor']}; {result['runtime']}")
    own = (f"{size} {ms:.1f} ms" for size, ms in result["model_ms"].items())
    print(f"model alone: {', '.join(own)}\n")
    print(
        f"{'image':<11}{'camera':<10}{'node':<18}{'sent/s':>8}{'labels/s':>10}{'p50':>12}{'p99':>12}"
        f"{'model':>12}"
    )
    for row in result["results"]:
        print(
            f"{row['image']:<11}{_rate(row['rate_hz']):<10}{row['configuration']:<18}"
            f"{row['sent_hz']:>8.1f}{row['labels_hz']:>10.1f}{_ages(row)}{row['model_ms']:>9.1f} ms"
        )
    print()
    for bar in result["bars"]:
        sign = ">=" if bar["what"] == "labels/s" else "<="
        verdict = "no overload" if bar["met"] is None else "met" if bar["met"] else "not met"
        print(
            f"{verdict:<13}{bar['image']:<11}{_rate(bar['rate_hz']):<10}"
            f"{bar['what']:<17}{bar['measured']:>8} {sign} {bar['limit']}"
        )


def _print_cameras(result: dict[str, Any]) -> None:
    print(f"{result['machine']['processor']}; {result['runtime']}")
    print(f"cameras of {result['image']} at {_rate(result['rate_hz'])}\n")
    print(f"{'cameras':>8}{'sent/s':>10}{'labels/s':>10}{'slowest':>10}{'p50':>12}{'p99':>12}")
    for row in result["results"]:
        print(
            f"{row['cameras']:>8}{row['sent_hz']:>10.1f}{row['labels_hz']:>10.1f}"
            f"{row['least_labels_hz']:>10.1f}{_ages(row)}"
        )


def _ages(row: dict[str, Any]) -> str:
    values = (row["p50_ms"], row["p99_ms"])
    return "".join(f"{'-' if ms is None else f'{ms:.1f} ms':>12}" for ms in values)


def _rate(rate_hz: float) -> str:
    return f"{rate_hz:g} Hz" if rate_hz else "max"


if __name__ == "__main__":
    sys.exit(main())
