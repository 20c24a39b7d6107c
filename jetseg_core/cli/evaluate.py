"""``jetseg evaluate``: accuracy on labelled frames."""

from __future__ import annotations

import argparse
import json

from jetseg_core.classes.class_file import CLASSES_HELP
from jetseg_core.cli.options import (
    add_data_option,
    add_map_option,
    add_runtime_options,
    data_folder,
    runtime_settings,
)
from jetseg_core.errors import JetSegError


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser("evaluate", help="measure accuracy on labelled frames")
    add_data_option(parser)
    parser.add_argument(
        "--split",
        default="val",
        help="split of --data: train, val, test or your own (default: val)",
    )
    parser.add_argument(
        "--classes",
        default="camvid11",
        help=f"classes of the labels: {CLASSES_HELP} (default: camvid11)",
    )
    parser.add_argument(
        "--soft", action="store_true",
        help="compare with the pixels of which the soft labels in --data (images/ and soft/) are certain",
    )  # fmt: skip
    parser.add_argument(
        "--only", default="", metavar="NAMES",
        help="with --soft: beginnings of the names of the frames to take, separated by commas (default: all)",
    )  # fmt: skip
    add_runtime_options(parser)
    add_map_option(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print mIoU, IoU by class and pixel accuracy, in all and by recording, and the calibration of the confidence."""
    from jetseg_core.classes.class_file import find_classes
    from jetseg_core.data.data_set import DataSet
    from jetseg_core.data.soft_set import SoftSet
    from jetseg_core.evaluation.accuracy import evaluate
    from jetseg_core.runtime import create_runtime
    from jetseg_core.training.train_config import names_in

    classes, only = find_classes(options.classes), names_in(options.only)
    if only and not options.soft:
        raise JetSegError(
            "--only takes frames by name where there are soft labels; give --soft with it"
        )
    data: DataSet | SoftSet
    if options.soft:
        data = SoftSet(data_folder(options), classes, only)
        options.split = f"soft labels of {options.only or 'all frames'}"
    else:
        data = DataSet(data_folder(options), options.split, classes)
    runtime = create_runtime(runtime_settings(options))
    result = evaluate(runtime, data).to_dict()
    if options.json:
        print(json.dumps(result | {"split": options.split}, indent=2))
        return
    print(f"{result['model']} on {options.split} ({result['frames']} frames), {runtime.selection}")
    if result["class_map"]:
        print(f"classes mapped by {result['class_map']}")
    per_class = result["per_class_iou"]
    assert isinstance(per_class, dict)
    for name, value in per_class.items():
        print(f"  {name:<12} {'-' if value is None else f'{value:5.1f}'}")
    print(f"mIoU {result['miou']:.2f} %, pixel accuracy {result['pixel_accuracy']:.2f} %")
    recordings, kept = result["recordings"], result["kept"]
    assert isinstance(recordings, dict) and isinstance(kept, list)
    if len(recordings) > 1:
        print("by recording: mIoU, pixel accuracy, IoU of the road, %")
        for name, figures in recordings.items():
            road = figures["per_class_iou"].get("Road")
            shown = "-" if road is None else f"{road:.1f}"
            print(
                f"  {name:<12} {figures['miou']:5.1f} {figures['pixel_accuracy']:5.1f} {shown:>5}"
            )
        print(f"  mean of the pixel accuracies {result['recordings_pixel_accuracy']:.2f} %")
    print(f"expected calibration error {result['ece']:.2f} %; with a least confidence, in %:")
    print("  confidence  pixels kept  of these right")
    for row in kept:
        right = "-" if row["accuracy"] is None else f"{row['accuracy']:.1f}"
        print(f"  {row['min_confidence']:>10} {row['kept']:>12.1f} {right:>15}")
