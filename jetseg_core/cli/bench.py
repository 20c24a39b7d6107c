"""``jetseg bench``: how fast a model runs on this machine, by backend and precision."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace

from jetseg_core.cli.options import add_runtime_options, runtime_settings


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "bench",
        help="time a model on this machine",
        description="Times single frames, interleaved. Without --backend, every backend and "
        "precision that runs here is measured.",
    )
    add_runtime_options(parser)
    parser.add_argument("--frames", type=int, default=100, help="frames to measure (default: 100)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print median, 95th percentile and rate of each backend and precision."""
    from jetseg_core.benchmark import describe_processor, time_runtimes
    from jetseg_core.errors import JetSegError
    from jetseg_core.runtime import create_runtime
    from jetseg_core.runtime.selection import BACKENDS
    from jetseg_core.runtime.settings import PRECISIONS

    settings = replace(runtime_settings(options), strict_backend=True)
    backends = list(BACKENDS) if settings.backend == "auto" else [settings.backend]
    precisions = PRECISIONS[1:] if settings.precision == "auto" else (settings.precision,)
    runtimes, obstacles = [], []
    for backend in backends:
        for precision in precisions:
            try:
                chosen = replace(settings, backend=backend, precision=precision)
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
    print(f"{'backend':<12}{'precision':<12}{'median':>10}{'p95':>10}{'rate':>12}")
    for row in results:
        print(
            f"{row['backend']:<12}{row['precision']:<12}{row['median_ms']:>7} ms{row['p95_ms']:>7} ms"
            f"{row['rate_hz']:>10}/s"
        )
