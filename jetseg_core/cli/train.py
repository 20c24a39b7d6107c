"""``jetseg train``: train a network on labelled frames."""

from __future__ import annotations

import argparse
from dataclasses import MISSING, fields
from pathlib import Path

from jetseg_core.cli.options import add_data_option, data_folder, field_help

CONVERTERS = {"int": int, "float": float}


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command; the options are the fields of `TrainConfig`."""
    from jetseg_core.training.train_config import TrainConfig

    parser = commands.add_parser("train", help="train a network")
    add_data_option(parser)
    parser.add_argument(
        "--config", type=Path, metavar="YAML",
        help="file with some of the options below, - as _; the command line overrides it",
    )  # fmt: skip
    help_of = field_help(TrainConfig)
    for field in fields(TrainConfig):
        if field.name == "data":
            continue
        required = field.default is MISSING
        converts = (
            {"action": argparse.BooleanOptionalAction}
            if field.type == "bool"
            else {"type": CONVERTERS.get(str(field.type), str)}
        )
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            **converts,
            required=required,
            default=argparse.SUPPRESS,  # So that what was given can be told from what was not.
            help=help_of[field.name] + ("" if required else f" (default: {field.default!r})"),
        )
    parser.add_argument(
        "--resume", action="store_true", help="go on with the run in --out from its last epoch"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train, then say where the best checkpoint is."""
    from jetseg_core.training.loop import train
    from jetseg_core.training.settings_file import read_settings
    from jetseg_core.training.train_config import TrainConfig

    given = {
        field.name: getattr(options, field.name)
        for field in fields(TrainConfig)
        if hasattr(options, field.name)
    }
    values = read_settings(options.config) | given | {"data": data_folder(options)}
    print(f"best checkpoint: {train(TrainConfig(**values), resume=options.resume)}")
