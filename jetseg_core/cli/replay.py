"""``jetseg replay``: recordings, folders of images and videos through the model, with a report."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from jetseg_core.cli.options import (
    add_map_option,
    add_mono16_option,
    add_runtime_options,
    runtime_settings,
)


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    from jetseg_core.replay.many.replay_inputs import INPUT_RULE
    from jetseg_core.sources import SOURCE_HELP

    parser = commands.add_parser(
        "replay",
        help="segment recordings, folders of images or videos: bag, video and report",
        description="Segment every frame of a rosbag2 recording, a folder of images or a video once, in order, through "
        "the same steps as the node. Write labels, overlays and occupancy under the original stamps, a video and a "
        "report. No ROS is needed. With several inputs, each has a folder below --out, and one report covers all. "
        + INPUT_RULE,
    )
    parser.add_argument(
        "inputs", type=Path, nargs="+", metavar="INPUT",
        help=f"{SOURCE_HELP}; several, or a folder that holds recordings at any depth",
    )  # fmt: skip
    parser.add_argument(
        "--topic", action="append", default=[],
        help="image topic of a recording, raw or compressed; repeat it for several (default: every camera)",
    )  # fmt: skip
    parser.add_argument(
        "--rate", type=float, default=0.0, metavar="HZ",
        help="stamp frames by their number at this rate (default: a video's own time, 10 for a folder of images; "
        "recordings have stamps)",
    )  # fmt: skip
    add_mono16_option(parser)
    parser.add_argument(
        "--labels", default="", metavar="DIR|TOPIC",
        help="ground truth: a topic of a recording (mono8 class ids, same stamps as the images), or a folder of label "
        "images, named like the frames, named by stamp in nanoseconds, or one per frame in order; for several inputs "
        "a folder with such a folder for each, of its name (default: for a folder of images, the label images that "
        "lie where data sets keep them)",
    )  # fmt: skip
    parser.add_argument(
        "--region", action="append", default=[], metavar="'NAME: X Y, X Y, X Y'",
        help="polygon to report occupancy of, corners relative to width and height; repeat it for several",
    )  # fmt: skip
    parser.add_argument(
        "--min-confidence", type=float, default=0.0,
        help="pixels with less (softmax maximum, 0 to 1) are unlabelled (default: 0)",
    )  # fmt: skip
    parser.add_argument(
        "--alpha", type=float, default=0.5, help="share of class color in the overlay, 0 to 1"
    )
    parser.add_argument(
        "--mask-class", action="append", default=[], metavar="CLASS",
        help="also write masks (mono8, 255 for this class, 0 for all others) into the bag; repeat it for several",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, default=Path("out/replay"),
        help="folder for bag, video and report (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted replay")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace an interrupted replay in --out"
    )
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N",
        help="replays at the same time, each in a process with an equal share of the CPU threads (default: 1)",
    )  # fmt: skip
    parser.add_argument(
        "--ray", default="", metavar="ADDRESS",
        help="replay as tasks of a Ray cluster, at most --workers at a time: its HOST:PORT, `auto` (the one that runs "
        "here, or RAY_ADDRESS), or `local` (a new one on this machine); needs the package ray",
    )  # fmt: skip
    add_runtime_options(parser)
    add_map_option(parser)
    parser.add_argument(
        "--json", action="store_true", help="print report.json instead of a summary"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Replay, then print the summary; status 1 if an input could not be replayed."""
    from jetseg_core.errors import one_line
    from jetseg_core.replay.many.many_command import ManySettings, replay_many
    from jetseg_core.replay.many.many_page import format_many_report
    from jetseg_core.replay.many.replay_inputs import is_single
    from jetseg_core.replay.replay_command import replay_with_report
    from jetseg_core.replay.report.report_page import format_report
    from jetseg_core.replay.run.replay_settings import ReplaySettings

    settings = ReplaySettings(
        input=options.inputs[0],
        out=options.out,
        runtime=runtime_settings(options),
        topics=tuple(options.topic),
        labels=options.labels,
        rate_hz=options.rate,
        mono16_bits=options.mono16_bits,
        regions=tuple(options.region),
        min_confidence=options.min_confidence,
        overlay_alpha=options.alpha,
        mask_classes=tuple(options.mask_class),
        resume=options.resume,
        overwrite=options.overwrite,
    )
    if is_single(options.inputs) and not options.ray:
        report = replay_with_report(settings)
        warnings = report.warnings
        text, plain = format_report(report, options.out), report.to_dict()
    else:
        many = replay_many(
            ManySettings(tuple(options.inputs), settings, options.workers, options.ray)
        )
        warnings = [f"{bag.name}: {text}" for bag in many.bags for text in bag.warnings or []]
        text, plain = format_many_report(many, options.out), many.to_dict()
    for warning in warnings:
        print(f"warning: {one_line(warning)}", file=sys.stderr)
    if options.json:
        print(json.dumps(plain, indent=1))
    else:
        print("\n".join(map(one_line, text.split("\n"))))
    _end(plain)


def _end(report: dict[str, Any]) -> None:
    """End with the exit status of a report."""
    statuses = report.get("recordings", {"interrupted": not report["complete"]})
    if statuses["interrupted"] or statuses.get("not begun"):
        print("jetseg: interrupted; go on with the same command and --resume", file=sys.stderr)
        raise SystemExit(130)
    if statuses.get("failed"):
        raise SystemExit(1)


def main() -> None:
    """Run `jetseg replay`, as `ros2 run jetseg replay` and `jetseg-replay` do."""
    from jetseg_core.cli.main import main as jetseg

    jetseg(["replay", *sys.argv[1:]])
