"""``jetseg soften``: a model's class probabilities as soft labels, to train another network on."""

from __future__ import annotations

import argparse
from pathlib import Path

from jetseg_core.cli.options import add_runtime_options, runtime_settings


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    from jetseg_core.sources import SOURCE_HELP

    parser = commands.add_parser(
        "soften",
        help="write a model's class probabilities as soft labels",
        description="Writes <name>.png for every frame, in the format of docs/training.md. The likeliest class has its "
        "probability, averaged with that of the mirrored frame; the rest is counted as no class.",
    )
    parser.add_argument("input", help=SOURCE_HELP)
    parser.add_argument("--topic", default="", help="image topic of a recording with several")
    parser.add_argument(
        "--out", required=True, help="folder for the soft labels: soft/ in the data set's root"
    )
    parser.add_argument(
        "--width", type=int, default=240, help="width in pixels (default: %(default)s)"
    )
    add_runtime_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Write the soft labels and print how many there are."""
    from tqdm import tqdm

    from jetseg_core.errors import JetSegError
    from jetseg_core.output_places import check_apart, check_pictures
    from jetseg_core.runtime import create_runtime
    from jetseg_core.sources import open_source
    from jetseg_core.training.softening import write_softened

    if options.width < 1:
        raise JetSegError(f"--width: {options.width} must be 1 or more")
    source = open_source(options.input, topic=options.topic)
    out = Path(options.out)
    check_apart([out], source.places)
    check_pictures(out, [f"{source.frame_name(index)}.png" for index in range(len(source))])
    runtime = create_runtime(runtime_settings(options))
    print(runtime.selection)
    with source:
        count = write_softened(runtime, tqdm(source, "softening"), out, options.width)
    print(f"{count} soft labels in {out}")
