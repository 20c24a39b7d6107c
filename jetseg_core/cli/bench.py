"""``jetseg bench``: how fast a model runs on this machine, by backend and precision."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from jetseg_core.class_file import CLASSES_HELP
from jetseg_core.cli.options import (
    add_model_options,
    add_runtime_options,
    model_config,
    runtime_settings,
)


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "bench",
        help="time a model on this machine",
        description="Times single frames, interleaved. Without --backend, every backend and "
        "precision that runs here is measured. With --untrained, a network of the options below is measured "
        "instead of a checkpoint: its weights are random, which changes no time.",
    )
    add_runtime_options(parser)
    parser.add_argument("--untrained", action="store_true", help="measure this network, untrained:")
    add_model_options(parser)
    parser.add_argument(
        "--widths", type=int, nargs="+", metavar="WIDTH",
        help="several of --decoder-channels, to compare the networks that they make",
    )  # fmt: skip
    parser.add_argument(
        "--classes", default="camvid11",
        help=f"a number of classes, or a set of them: {CLASSES_HELP} (default: camvid11)",
    )  # fmt: skip
    parser.add_argument("--frames", type=int, default=100, help="frames to measure (default: 100)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print median, 95th percentile and rate of each backend and precision."""
    if not options.untrained:
        _measure(options, [options.checkpoint])
        return
    with TemporaryDirectory() as folder:
        _measure(options, _write_untrained(options, Path(folder)))


def _write_untrained(options: argparse.Namespace, folder: Path) -> list[str]:
    """Checkpoints of random weights, with their exported forms."""
    from jetseg_core.checkpoint import save_checkpoint
    from jetseg_core.class_file import find_classes
    from jetseg_core.deploy.export import export_onnx
    from jetseg_core.models import JetSeg

    classes = find_classes(options.classes)
    paths = []
    for width in options.widths or [options.decoder_channels]:
        config = replace(model_config(options, len(classes)), decoder_channels=width)
        name = f"{config.preset}-c{config.combination}-d{config.sizes.decoder_channels}-untrained"
        path = folder / f"{name}.pt"
        save_checkpoint(path, JetSeg(config), classes, {"data": "none: random weights"})
        if options.backend != "torch":
            export_onnx(path, size=(options.size[0], options.size[1]))
        paths.append(str(path))
    return paths


def _measure(options: argparse.Namespace, checkpoints: list[str]) -> None:
    from jetseg_core.benchmark import describe_processor, time_runtimes
    from jetseg_core.errors import JetSegError
    from jetseg_core.runtime import create_runtime
    from jetseg_core.runtime.selection import BACKENDS
    from jetseg_core.runtime.settings import PRECISIONS

    settings = replace(runtime_settings(options), strict_backend=True)
    backends = list(BACKENDS) if settings.backend == "auto" else [settings.backend]
    precisions = PRECISIONS[1:] if settings.precision == "auto" else (settings.precision,)
    runtimes, obstacles = [], []
    for checkpoint, backend, precision in product(checkpoints, backends, precisions):
        try:
            chosen = replace(settings, checkpoint=checkpoint, backend=backend, precision=precision)
            runtimes.append(create_runtime(chosen))
        except JetSegError as error:
            obstacles.append(str(error))
    if not runtimes:
        raise JetSegError("; ".join(obstacles))
    results = [timing.to_dict() for timing in time_runtimes(runtimes, options.frames)]
    threads = settings.threads or len(os.sched_getaffinity(0))
    machine = {"processor": describe_processor(), "threads": threads}
    if options.json:
        print(json.dumps({"machine": machine, "results": results}, indent=2))
        return
    height, width = settings.input_size
    print(f"{machine['processor']}, {threads} threads, {height}x{width} (height x width), batch 1")
    longest = max(len(str(row["model"])) for row in results) + 2
    print(
        f"{'model':<{longest}}{'backend':<12}{'precision':<12}{'median':>10}{'p95':>10}{'rate':>12}"
    )
    for row in results:
        print(
            f"{row['model']:<{longest}}{row['backend']:<12}{row['precision']:<12}"
            f"{row['median_ms']:>7} ms{row['p95_ms']:>7} ms{row['rate_hz']:>10}/s"
        )
