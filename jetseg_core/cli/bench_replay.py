"""``jetseg bench-replay``: memory and rate of a long replay on this machine."""

from __future__ import annotations

import argparse
import json

from jetseg_core.cli.options import add_runtime_options, read_size, runtime_settings


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "bench-replay",
        help="memory and rate of a long replay on this machine",
        description="Records the generated street, replays the recording in a separate process, and prints the "
        "resident memory of that process and the rate of the replay beside that of the model alone. The recording "
        "is removed afterwards.",
    )
    parser.add_argument(
        "--frames", type=int, default=10000, help="frames of the recording (default: %(default)s)"
    )
    parser.add_argument(
        "--image", default="480x360", metavar="WIDTHxHEIGHT",
        help="size of the recorded images (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--folder", default="",
        help="temporary place of recording and results: 10000 raw images of 480x360 take 5 GB (default: the "
        "system's temporary folder)",
    )  # fmt: skip
    add_runtime_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure and print."""
    from jetseg_core.bench.replay_bench import format_measurement, measure_replay

    size = read_size(options.image, "--image")
    found = measure_replay(options.frames, size, runtime_settings(options), options.folder)
    print(json.dumps(found, indent=1) if options.json else format_measurement(found))
