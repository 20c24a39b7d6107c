"""``jetseg ablate``: compare parts of the network and losses in short, equal runs."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path

from jetseg_core.cli.options import add_data_option, data_folder
from jetseg_core.training.train_config import ABLATION_GROUPS


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "ablate",
        help="compare combinations, losses, activations and attention",
        description="Trains short runs that differ in one thing each, and prints a table. Runs that are done are not "
        "repeated, so a command that was stopped can be given again.",
    )
    add_data_option(parser)
    parser.add_argument("--out", required=True, help="folder for the runs and the table")
    default = [group for group in ABLATION_GROUPS if group != "decoder"]
    parser.add_argument(
        "--groups", nargs="+", default=default,
        help=f"any of {', '.join(ABLATION_GROUPS)} (default: all but decoder)",
    )  # fmt: skip
    parser.add_argument(
        "--config", type=Path, metavar="YAML",
        help="file with other settings that all runs share, as of `jetseg train`",
    )  # fmt: skip
    parser.add_argument("--preset", default="nano", help="size of the network (default: nano)")
    parser.add_argument("--epochs", type=int, default=6, help="epochs of each run (default: 6)")
    parser.add_argument("--batch-size", type=int, default=8, help="frames a step (default: 8)")
    parser.add_argument(
        "--size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"), default=(180, 240),
        help="size of the frames, in training and in validation (default: 180 240, half of CamVid's)",
    )  # fmt: skip
    parser.add_argument("--seeds", type=int, default=1, help="runs of each variant (default: 1)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train the missing runs; print the table and write it to --out as ablation.md and ablation.json."""
    import torch

    from jetseg_core.atomic_file import replacing
    from jetseg_core.bench.machine import describe_processor
    from jetseg_core.runtime.runtime_settings import check_input_size
    from jetseg_core.training.ablation import ablate, markdown
    from jetseg_core.training.train_config import TrainConfig, read_settings

    height, width = options.size
    check_input_size((height, width))
    shared = {"preset": options.preset, "epochs": options.epochs, "batch_size": options.batch_size}
    sizes = {f"{part}_height": height for part in ("frame", "crop")}
    sizes |= {f"{part}_width": width for part in ("frame", "crop")}
    places = {"data": data_folder(options), "out": options.out}
    # Shifts would hide part of the difference.
    settings = {**shared, **sizes, **places, "offset_pixels": 0, **read_settings(options.config)}
    with redirect_stdout(sys.stderr):  # Progress; the result alone goes to standard output.
        rows = ablate(TrainConfig.from_dict(settings), options.groups, options.seeds)
    config = f" --config {options.config.name}" if options.config else ""
    command = (
        f"jetseg ablate --data CAMVID --out OUT{config} --groups {' '.join(options.groups)} --preset {options.preset} "
        f"--epochs {options.epochs} --batch-size {options.batch_size} --size {height} {width} --seeds {options.seeds}"
    )
    machine = (
        f"{describe_processor()}, {torch.get_num_threads()} threads, torch {torch.__version__}"
    )
    result = {"command": command, "machine": machine, "rows": [asdict(row) for row in rows]}
    text = f"`{command}`\n\n{machine}\n\n{markdown(rows)}\n"
    for name, content in (("ablation.json", json.dumps(result, indent=2)), ("ablation.md", text)):
        with replacing(Path(options.out, name)) as path:
            path.write_text(content)
    print(json.dumps(result, indent=2) if options.json else text)
