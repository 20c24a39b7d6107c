"""``jetseg compare``: two replays, or two models on one recording, side by side."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from jetseg_core.cli.options import (
    add_map_option,
    add_mono16_option,
    add_runtime_options,
    runtime_settings,
)
from jetseg_core.replay.compare.gate import GATE_HELP


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "compare",
        help="two replays, or two models on one recording, side by side",
        description="Compare B with A over the frames that both have: accuracy, flicker and latency with 95 % "
        "confidence intervals (bootstrap over frames), and the frames in which they differ most. Each is the "
        "folder of a replay, or a model, which is replayed first.",
    )
    for name in ("a", "b"):
        parser.add_argument(
            name, metavar=name.upper(), help="folder of `jetseg replay --out`, or a model (name, .pt, .onnx)"
        )  # fmt: skip
    parser.add_argument(
        "--bag",
        default="",
        help="recording to replay models on (default: that of the other replay)",
    )
    parser.add_argument("--topic", action="append", default=[], help="as in jetseg replay")
    add_mono16_option(parser, default=None, shown="that of the other replay, or 16")
    parser.add_argument("--labels", default="", metavar="DIR|TOPIC", help="as in jetseg replay")
    parser.add_argument(
        "--fail-if", action="append", default=[], metavar="CONDITION",
        help=f"end with status 1 if this holds: {GATE_HELP}; several times for several",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, default=Path("out/compare"),
        help="folder for compare.html, compare.json and the replays of models (default: %(default)s)",
    )  # fmt: skip
    add_runtime_options(parser, checkpoint=False)
    add_map_option(parser)
    parser.add_argument("--json", action="store_true", help="print compare.json, not a summary")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Compare, print the summary, and end with status 1 if a gate failed."""
    from jetseg_core.errors import one_line
    from jetseg_core.replay.compare.compare_command import compare_with_page
    from jetseg_core.replay.compare.compare_page import format_comparison

    found = compare_with_page(
        options.a,
        options.b,
        options.out,
        gates=options.fail_if,
        bag=options.bag,
        topics=tuple(options.topic),
        labels=options.labels,
        mono16_bits=options.mono16_bits,
        runtime=runtime_settings(options),
    )
    if options.json:
        print(json.dumps(found.to_dict(), indent=1))
    else:
        print("\n".join(map(one_line, format_comparison(found).split("\n"))))
        print(f"\nin {options.out}: compare.html, compare.json")
    if found.failed:
        raise SystemExit(1)
