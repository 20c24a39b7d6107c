"""``jetseg cross-validate``: accuracy on recordings that the network never saw."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path

from jetseg_core.cli.options import data_folder
from jetseg_core.cli.train import add_training_options, train_config


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command; its options are those of ``jetseg train``."""
    parser = commands.add_parser(
        "cross-validate",
        help="train without each recording in turn, and measure on it",
        description="Holds each recording out in turn. The mean mIoU of the folds estimates that of a new road. Folds "
        "that are done are not repeated, so a command that was stopped can be given again.",
    )
    add_training_options(parser)
    parser.add_argument(
        "--folds", default="", metavar="NAMES",
        help="beginnings of the names of the frames to hold out, one fold each, separated by commas (default: every "
        "recording of train and val: the part of a frame's name before the first _)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train the missing folds; print the table and write it to --out as folds.md and folds.json."""
    from jetseg_core.atomic_file import replacing
    from jetseg_core.training.cross_validation import (
        cross_validate,
        fold_mean,
        folds_table,
        source_mean,
    )
    from jetseg_core.training.train_config import names_in

    config = train_config(options, data_folder(options))
    with redirect_stdout(sys.stderr):  # Progress; the result alone goes to standard output.
        folds = cross_validate(config, names_in(options.folds))
    result = {
        "fold_mean": fold_mean(folds),
        "source_mean": source_mean(folds),
        "folds": [asdict(fold) for fold in folds],
    }
    text = folds_table(folds)
    for name, content in (("folds.json", json.dumps(result, indent=2)), ("folds.md", text + "\n")):
        with replacing(Path(config.out) / name) as partial:
            partial.write_text(content)
    print(json.dumps(result, indent=2) if options.json else text)
