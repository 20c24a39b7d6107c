"""``jetseg import``: another project's segmentation network as a model of this one."""

from __future__ import annotations

import argparse
from pathlib import Path

from jetseg_core.classes.class_file import CLASSES_HELP
from jetseg_core.errors import JetSegError


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "import",
        help="bring another project's network (ONNX) into the form that runs here",
        description="Puts uint8 RGB, color order, layout and normalisation before the network, up-sampling, labels and "
        "confidence behind it, and class names into the file; then runs one frame, and says what was found and what "
        "was assumed. See docs/import.md.",
    )
    parser.add_argument("model", metavar="MODEL.onnx", type=Path, help="the network's ONNX file")
    parser.add_argument("--classes", required=True, help=f"that it was trained on: {CLASSES_HELP}")
    for name, what in (("mean", "subtracted from"), ("std", "by which to divide")):
        parser.add_argument(
            f"--{name}", type=float, nargs=3, metavar=("R", "G", "B"),
            help=f"{what} pixels, of 0..1 or of 0..255 (default: ImageNet's)",
        )  # fmt: skip
    parser.add_argument("--scale", help="in their place: a factor for pixels, such as 1/255")
    parser.add_argument("--bgr", action="store_true", help="the network takes blue first")
    parser.add_argument(
        "--layout",
        choices=("nchw", "nhwc"),
        help="of its input (default: by the axis of 3 channels)",
    )
    parser.add_argument(
        "--output",
        metavar="NAME",
        help="the output to use (default: the only one that fits the classes)",
    )
    parser.add_argument(
        "--size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"),
        help="fix the size of its input, as TensorRT likes it (default: its own, or any)",
    )  # fmt: skip
    parser.add_argument(
        "--ignore", nargs="+", default=[], metavar="CLASS",
        help="classes that become unlabelled, such as background; a number is a channel beside the classes",
    )  # fmt: skip
    parser.add_argument(
        "--ids", type=int, nargs="+", default=[], metavar="ID",
        help="for an output of ids: that of each class in order (default: 0, 1, 2 and so on)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, required=True, metavar="NAME.onnx", help="file to write"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Import, then print what was found and assumed."""
    from jetseg_core.classes.class_file import find_classes
    from jetseg_core.deploy.foreign.pixel_values import read_pixel_values

    try:
        from jetseg_core.deploy.foreign.import_network import ImportOptions, import_network
    except ModuleNotFoundError as error:
        raise JetSegError(
            f"importing a network needs the Python package '{error.name}': pip install {error.name}; running the "
            "result does not"
        ) from error
    if options.size and min(options.size) < 1:
        raise JetSegError(
            f"--size {options.size[0]} {options.size[1]}: expected height and width in pixels"
        )
    result = import_network(
        options.model,
        options.out,
        ImportOptions(
            classes=find_classes(options.classes),
            pixels=read_pixel_values(options.mean, options.std, options.scale, options.bgr),
            layout=options.layout,
            output=options.output,
            size=tuple(options.size) if options.size else None,
            ignored=tuple(options.ignore),
            ids=tuple(options.ids),
        ),
    )
    for heading, lines in (("found", result.found), ("assumed", result.assumed)):
        for line in lines:
            print(f"{heading:<8} {line}")
    print(
        f"{result.path} ({result.path.stat().st_size / 1024:.0f} KB): {len(result.classes)} classes of "
        f"'{result.classes.name}'"
    )
