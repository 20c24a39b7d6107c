"""``jetseg export``: a checkpoint as ONNX, which runs without torch."""

from __future__ import annotations

import argparse


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser("export", help="write a checkpoint as ONNX")
    parser.add_argument("--checkpoint", required=True, help="path of a .pt file of `jetseg train`")
    parser.add_argument("--out", help="path of the .onnx file (default: next to the checkpoint)")
    parser.add_argument(
        "--precision",
        default="fp32",
        help="of the graph: fp32, from which every backend makes what it needs, or fp16 (default: %(default)s)",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Export, then print the file's path and size."""
    from jetseg_core.deploy.onnx_export import export_onnx

    path = export_onnx(options.checkpoint, options.out, precision=options.precision)
    print(f"{path} ({path.stat().st_size / 1024:.0f} KB)")
