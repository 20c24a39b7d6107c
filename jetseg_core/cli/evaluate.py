"""``jetseg evaluate``: accuracy on labelled frames."""

from __future__ import annotations

import argparse
import json

from jetseg_core.classes.class_file import CLASSES_HELP
from jetseg_core.cli.options import (
    add_data_option,
    add_runtime_options,
    data_folder,
    runtime_settings,
)


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
        "--classes", default="camvid11", help=f"of the labels: {CLASSES_HELP} (default: camvid11)"
    )
    add_runtime_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Print mIoU, IoU by class and pixel accuracy."""
    from jetseg_core.classes.class_file import find_classes
    from jetseg_core.data.data_set import DataSet
    from jetseg_core.evaluation.accuracy import evaluate
    from jetseg_core.runtime import create_runtime

    data = DataSet(data_folder(options), options.split, find_classes(options.classes))
    runtime = create_runtime(runtime_settings(options))
    result = evaluate(runtime, data).to_dict()
    if options.json:
        print(json.dumps(result | {"split": options.split}, indent=2))
        return
    print(f"{result['model']} on {options.split} ({result['frames']} frames), {runtime.selection}")
    per_class = result["per_class_iou"]
    assert isinstance(per_class, dict)
    for name, value in per_class.items():
        print(f"  {name:<12} {'-' if value is None else f'{value:5.1f}'}")
    print(f"mIoU {result['miou']:.2f} %, pixel accuracy {result['pixel_accuracy']:.2f} %")
