"""``jetseg train``: train a network on labelled frames."""

from __future__ import annotations

import argparse
from pathlib import Path

from jetseg_core.cli.options import add_data_option, add_field_options, data_folder, given_fields
from jetseg_core.network.model_config import ModelConfig
from jetseg_core.training.train_config import TrainConfig, read_settings


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command; the options are the fields of `TrainConfig` and of its network."""
    parser = commands.add_parser("train", help="train a network")
    add_training_options(parser)
    parser.add_argument(
        "--resume", action="store_true", help="continue the run in --out after its last epoch"
    )
    parser.set_defaults(run=run)


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """Options for the settings of a run; `train_config` reads them."""
    add_data_option(parser)
    parser.add_argument(
        "--config", type=Path, metavar="YAML",
        help="file with some of the options below, - as _; the command line overrides it",
    )  # fmt: skip
    add_field_options(parser, TrainConfig, skip=("data", "model"))
    group = parser.add_argument_group("network")
    add_field_options(group, ModelConfig(), skip=("num_classes",))


def train_config(options: argparse.Namespace, data: str) -> TrainConfig:
    """The settings read by `add_training_options`, for the data set in this folder."""
    settings = read_settings(options.config)
    settings |= given_fields(options, TrainConfig) | given_fields(options, ModelConfig)
    return TrainConfig.from_dict(settings | {"data": data})


def run(options: argparse.Namespace) -> None:
    """Train, then print where the best checkpoint is."""
    from jetseg_core.training.fit import train

    config = train_config(options, data_folder(options))
    print(f"best checkpoint: {train(config, resume=options.resume)}")
