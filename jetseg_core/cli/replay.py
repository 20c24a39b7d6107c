"""``jetseg replay``: a rosbag2 recording through the model, with a report."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from jetseg_core.cli.options import add_runtime_options, runtime_settings
from jetseg_core.cli.ros_side import load_ros_side


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "replay",
        help="segment a rosbag2 recording: bag, video and report",
        description="Segments every frame of a rosbag2 recording once, in order, through the same steps as the "
        "node, and writes label, overlay and occupancy under the original stamps, a video and a report. No "
        "ROS is needed.",
    )
    parser.add_argument(
        "bag", type=Path, metavar="BAG", help="rosbag2 folder, or one .mcap or .db3 file"
    )
    parser.add_argument(
        "--topic", action="append", default=[],
        help="image topic, raw or compressed; several times for several (default: every camera)",
    )  # fmt: skip
    parser.add_argument(
        "--labels", default="", metavar="DIR|TOPIC",
        help="ground truth: a topic (mono8 class ids, same stamps as the images), or a folder of label images, "
        "one per frame in order or named by stamp in nanoseconds",
    )  # fmt: skip
    parser.add_argument(
        "--region", action="append", default=[], metavar="'NAME: X Y, X Y, X Y'",
        help="polygon to report occupancy of, corners relative to width and height; several times for several",
    )  # fmt: skip
    parser.add_argument(
        "--min-confidence", type=float, default=0.0,
        help="pixels with less (softmax maximum, 0 to 1) are unlabelled (default: 0)",
    )  # fmt: skip
    parser.add_argument(
        "--alpha", type=float, default=0.5, help="share of class color in the overlay, 0 to 1"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("out/replay"),
        help="folder for bag, video and report (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted replay")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace an interrupted replay in --out"
    )
    add_runtime_options(parser)
    parser.add_argument(
        "--json", action="store_true", help="print report.json instead of a summary"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Replay, then print the summary and where the results are."""
    replay = load_ros_side("jetseg_ros.replay")
    settings = replay.ReplaySettings(
        bag=options.bag,
        out=options.out,
        runtime=runtime_settings(options),
        topics=tuple(options.topic),
        labels=options.labels,
        regions=tuple(options.region),
        min_confidence=options.min_confidence,
        overlay_alpha=options.alpha,
        resume=options.resume,
        overwrite=options.overwrite,
    )
    report = replay.replay_with_report(settings)
    for warning in report["warnings"]:
        print(f"warning: {warning}", file=sys.stderr)
    print(
        json.dumps(report, indent=1) if options.json else replay.format_report(report, options.out)
    )
    if not report["complete"]:
        print("jetseg: interrupted; go on with the same command and --resume", file=sys.stderr)
        raise SystemExit(130)
