"""``jetseg info``: what a network costs, and what a checkpoint is."""

from __future__ import annotations

import argparse
import json

from jetseg_core.config import PRESETS, ModelConfig


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser("info", help="count parameters and operations; describe a model")
    parser.add_argument("--preset", default="nano", help=f"{', '.join(PRESETS)} (default: nano)")
    parser.add_argument("--combination", type=int, default=0, help="kernel combination, 0 to 5")
    parser.add_argument("--classes", type=int, default=11, help="number of classes (default: 11)")
    parser.add_argument(
        "--size", type=int, nargs=2, metavar=("HEIGHT", "WIDTH"), default=(360, 480),
        help="size of the frame that is counted (default: 360 480)",
    )  # fmt: skip
    parser.add_argument(
        "--checkpoint", help="a model instead of --preset, --combination, --classes"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Count, and print."""
    from jetseg_core.checkpoint import load_checkpoint
    from jetseg_core.complexity import count_complexity
    from jetseg_core.errors import JetSegError
    from jetseg_core.model_files import find_model
    from jetseg_core.models import JetSeg
    from jetseg_core.runtime.base import check_input_size

    check_input_size(tuple(options.size))
    described: dict[str, object] = {}
    config = ModelConfig(options.preset, options.combination, options.classes)
    if options.checkpoint:
        path = find_model(options.checkpoint).checkpoint
        if path is None:
            raise JetSegError(f"'{options.checkpoint}' has no .pt file; `jetseg info` reads that")
        checkpoint = load_checkpoint(path)
        config = checkpoint.config
        described = {
            "classes": list(checkpoint.classes.names),
            "sha256": checkpoint.sha256,
            "provenance": dict(checkpoint.provenance),
        }
    counts = count_complexity(JetSeg(config), tuple(options.size))
    result = {
        "config": config.to_dict(),
        "size": list(options.size),
        **counts.to_dict(),
        **described,
    }
    if options.json:
        print(json.dumps(result, indent=2))
        return
    height, width = options.size
    print(
        f"JetSeg {config.preset}, combination C{config.combination}, {config.num_classes} classes"
    )
    print(f"  parameters    {counts.parameters:,}")
    print(f"  at {height}x{width} (height x width), one frame:")
    print(f"  MACs          {counts.macs / 1e9:.3f} G")
    print(f"  FLOPs         {counts.flops / 1e9:.3f} G (2 x MAC)")
    terms = ", ".join(f"{name} {value / 1e9:.3f}" for name, value in counts.eq2.items())
    print(f"  paper's Eq. 2 {counts.eq2_flops / 1e9:.3f} G ({terms})")
    for name, value in described.items():
        print(f"  {name}: {json.dumps(value)}")
