"""``jetseg info``: costs of a network, description of a checkpoint."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from jetseg_core.classes.class_file import CLASSES_HELP
from jetseg_core.cli.options import add_model_options, model_config

if TYPE_CHECKING:
    from jetseg_core.network.cost import Complexity
    from jetseg_core.network.model_config import ModelConfig


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser("info", help="count parameters and operations; describe a model")
    add_model_options(parser)
    parser.add_argument(
        "--classes", default="camvid11",
        help=f"a number of classes, or a set of them: {CLASSES_HELP} (default: camvid11)",
    )  # fmt: skip
    parser.add_argument(
        "--size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"), default=(360, 480),
        help="size of the frame that is counted (default: 360 480)",
    )  # fmt: skip
    parser.add_argument(
        "--checkpoint", help="a trained model, in place of --classes and the options of the network"
    )
    parser.add_argument(
        "--paper",
        action="store_true",
        help="only the row of the paper's Table 1 and the same counts of this network",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Count and print."""
    from jetseg_core.classes.class_file import find_classes
    from jetseg_core.errors import JetSegError
    from jetseg_core.network.checkpoint import load_checkpoint
    from jetseg_core.network.cost import count_complexity
    from jetseg_core.network.jetseg import JetSeg
    from jetseg_core.runtime.model_files import find_model
    from jetseg_core.runtime.runtime_settings import check_input_size

    if options.paper:
        _print_paper(options.json)
        return
    check_input_size(tuple(options.size))
    described: dict[str, object] = {}
    if options.checkpoint:
        path = find_model(options.checkpoint).checkpoint
        if path is None:
            raise JetSegError(f"'{options.checkpoint}' has no .pt file; `jetseg info` reads that")
        checkpoint = load_checkpoint(path)
        config, classes = checkpoint.config, checkpoint.classes
        described = {"sha256": checkpoint.sha256, "provenance": dict(checkpoint.provenance)}
    else:
        classes = find_classes(options.classes)
        config = model_config(options, len(classes))
    if options.checkpoint or not options.classes.isdecimal():
        described = {"classes": list(classes.names), **described}
    counts = count_complexity(JetSeg(config), tuple(options.size))
    if options.json:
        result = {"config": config.to_dict(), "size": list(options.size), **counts.to_dict()}
        print(json.dumps(result | described, indent=2))
        return
    _print_counts(config, tuple(options.size), counts)
    for name, value in described.items():
        print(f"  {name}: {json.dumps(value)}")


def _print_counts(config: ModelConfig, size: tuple[int, int], counts: Complexity) -> None:
    terms = " + ".join(f"{name} {value / 1e9:.3f}" for name, value in counts.eq2.items())
    print(
        f"JetSeg {config.preset}, combination C{config.combination}, {config.num_classes} classes, "
        f"{config.activation}, attention {', '.join(config.attention)}, "
        f"{config.encoder} encoder, {config.decoder} decoder {config.sizes.decoder_channels} wide"
    )
    print(f"  parameters         {counts.parameters:,}")
    print(f"  at {size[0]}x{size[1]} (height x width), one frame:")
    print(f"  MACs               {counts.macs / 1e9:.3f} G")
    print(f"  FLOPs              {counts.flops / 1e9:.3f} G (2 x MAC)")
    print(f"  paper's Eq. 2      {counts.eq2_flops / 1e9:.3f} G = {terms}")
    print(
        f"  activation memory  {counts.peak_bytes / 1e6:.1f} MB at its peak, {counts.written_bytes / 1e6:.1f} "
        "MB written in all (float32; without weights and libraries' scratch memory)"
    )
    print(
        f"  receptive field    {counts.receptive_field} x {counts.receptive_field} pixels, of the encoder's "
        "deepest features (means over the whole frame in channel attention aside)"
    )
    print()
    print(
        f"  {'stage':<15}{'output':>13}{'parameters':>12}{'MMAC':>10}{'Eq. 2, M':>10}{'written':>11}"
        f"{'sees':>7}"
    )
    for stage in counts.stages:
        channels, height, width = stage.shape
        print(
            f"  {stage.name:<15}{f'{channels}x{height}x{width}':>13}{stage.parameters:>12,}"
            f"{stage.macs / 1e6:>10.1f}{stage.eq2_flops / 1e6:>10.1f}{stage.written_bytes / 1e6:>8.1f} MB"
            f"{stage.receptive_field or '-':>7}"
        )
    print()


def _print_paper(as_json: bool) -> None:
    from jetseg_core.network import model_config as paper
    from jetseg_core.network.cost import count_complexity
    from jetseg_core.network.jetseg import JetSeg

    counts = count_complexity(JetSeg(paper.PAPER_CONFIG), paper.PAPER_SIZE)
    height, width = paper.PAPER_SIZE
    if as_json:
        claims = {
            "parameters": paper.PAPER_PARAMETERS,
            "eq2_flops": paper.PAPER_FLOPS,
            "frames_per_second": paper.PAPER_RATES,
        }
        ours = {"config": paper.PAPER_CONFIG.to_dict(), **counts.to_dict()}
        print(json.dumps({"size": [height, width], "paper": claims, "ours": ours}, indent=2))
        return
    rates = ", ".join(f"{rate:g} on {device}" for device, rate in paper.PAPER_RATES.items())
    rows = (
        ("paper, Table 1", paper.PAPER_PARAMETERS, paper.PAPER_FLOPS, rates),
        ("here, nano with C0", counts.parameters, counts.eq2_flops,
         f"measure with: jetseg bench --size {height} {width}"),
    )  # fmt: skip
    print(f"{'':<22}{'input':>10}{'params (G)':>13}{'FLOPs (G)':>12}   frames a second")
    for name, parameters, flops, note in rows:
        print(
            f"{name:<22}{f'{height}x{width}':>10}{parameters / 1e9:>13.5f}{flops / 1e9:>12.3f}   {note}"
        )
    print(
        f"Both with {paper.PAPER_CONFIG.num_classes} classes and by the paper's Eq. 2, which counts a "
        f"multiply-accumulate as one operation; {counts.parameters:,} parameters, "
        f"{counts.flops / 1e9:.3f} G true FLOPs (2 x MAC) here."
    )
