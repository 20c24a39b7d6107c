"""``jetseg calibrate``: make a checkpoint's confidence fit held-out frames."""

from __future__ import annotations

import argparse

from jetseg_core.cli.options import add_data_option, data_folder


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "calibrate",
        help="fit a checkpoint's confidence to its accuracy",
        description="Divides the logits by the temperature under which the labels of held-out frames are likeliest. "
        "The labels stay the same; the confidence changes, in every exported form, too.",
    )
    parser.add_argument("--checkpoint", required=True, help="path of a .pt file of `jetseg train`")
    parser.add_argument("--out", required=True, help="path of the .pt file to write")
    add_data_option(parser)
    parser.add_argument(
        "--split", default="val", help="split of frames that were not trained on (default: val)"
    )
    parser.add_argument(
        "--only", default="", metavar="NAMES",
        help="beginnings of the names of the frames to take, separated by commas (default: all)",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Fit, write, and print the temperature."""
    from jetseg_core.training.temperature import calibrate
    from jetseg_core.training.train_config import names_in

    temperature = calibrate(
        options.checkpoint, options.out, data_folder(options), options.split, names_in(options.only)
    )
    verdict = "surer" if temperature > 1 else "less sure"
    print(
        f"{options.out}: temperature {temperature:.3f}; the network was {verdict} than it is right"
    )
