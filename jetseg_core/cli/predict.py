"""``jetseg predict``: segment images, a video, a recording or the generated street into picture files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from jetseg_core.cli.options import (
    add_map_option,
    add_mono16_option,
    add_runtime_options,
    runtime_settings,
)

KINDS = ("label", "overlay")
"""Pictures of each frame."""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    from jetseg_core.sources import SOURCE_HELP

    parser = commands.add_parser("predict", help="segment images or a video into files")
    parser.add_argument("input", help=SOURCE_HELP)
    parser.add_argument("--topic", default="", help="image topic of a recording with several")
    parser.add_argument(
        "--out", required=True,
        help="folder for <name>_label.png, <name>_overlay.png; only results of JetSeg are replaced there",
    )  # fmt: skip
    parser.add_argument(
        "--alpha", type=float, default=0.5, help="share of class color in the overlay, 0 to 1"
    )
    add_runtime_options(parser)
    add_map_option(parser)
    add_mono16_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Write the label image (8-bit class ids) and the overlay of every frame."""
    import cv2
    from tqdm import tqdm

    from jetseg_core.atomic_file import replacing
    from jetseg_core.classes.coloring import blend_colors, color_labels
    from jetseg_core.errors import JetSegError, one_line
    from jetseg_core.output_places import check_apart, mark_picture
    from jetseg_core.runtime import create_runtime
    from jetseg_core.sources import open_source

    if not 0 <= options.alpha <= 1:
        raise JetSegError(f"--alpha: {options.alpha} is not in 0 to 1")
    source = open_source(options.input, topic=options.topic, mono16_bits=options.mono16_bits)
    out = Path(options.out)
    check_apart([out], source.places)
    _check_own(out, (source.frame_name(index) for index in range(len(source))))
    runtime = create_runtime(runtime_settings(options))
    out.mkdir(parents=True, exist_ok=True)
    print(runtime.selection)
    with source:
        for frame in tqdm(source, "segmenting"):
            labels = runtime.segment(frame.image).labels
            colors = color_labels(labels, runtime.description.classes)
            overlay = blend_colors(frame.image, colors, labels, options.alpha)
            pictures = {"label": labels, "overlay": cv2.cvtColor(overlay, cv2.COLOR_RGB2BGR)}
            _check_own(out, [frame.name])  # a video may be longer than its header says
            for kind in KINDS:
                with replacing(out / f"{frame.name}_{kind}.png") as partial:
                    _, encoded = cv2.imencode(".png", pictures[kind])
                    partial.write_bytes(mark_picture(encoded.tobytes()))
    for warning in source.warnings:
        print(f"warning: {one_line(warning)}", file=sys.stderr)
    if source.unreadable:
        print(f"{source.unreadable} frames could not be read", file=sys.stderr)


def _check_own(out: Path, frames: Iterable[str]) -> None:
    """Check that the pictures of these frames would replace nothing but earlier ones; see `check_replaceable`."""
    from jetseg_core.output_places import check_pictures

    check_pictures(out, [f"{frame}_{kind}.png" for frame in frames for kind in KINDS])
