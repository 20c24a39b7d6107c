"""``jetseg export``: a checkpoint as ONNX, which runs without torch, and TensorRT's engine of it."""

from __future__ import annotations

import argparse
from pathlib import Path

from jetseg_core.runtime import RuntimeSettings


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    default = RuntimeSettings()
    parser = commands.add_parser("export", help="write a checkpoint as ONNX")
    parser.add_argument(
        "--checkpoint",
        required=True,
        help="path of a .pt file of `jetseg train`; with --engine also a shipped model's name or an .onnx file",
    )
    parser.add_argument("--out", help="path of the .onnx file (default: next to the checkpoint)")
    parser.add_argument(
        "--precision",
        help="fp32 or fp16, of the graph and of the engine (default: a graph in fp32, which every backend converts as "
        "it needs, and an engine in fp16)",
    )
    parser.add_argument(
        "--engine",
        action="store_true",
        help="build TensorRT's engine on this machine, too, and keep it for the node; where the .onnx file is there, "
        "it is not written again",
    )
    parser.add_argument(
        "--size",
        type=int,
        nargs=2,
        metavar=("HEIGHT", "WIDTH"),
        default=default.input_size,
        help="the engine's input, as the node's input.size (default: 360 480)",
    )
    parser.add_argument(
        "--cache-dir", default="", help="folder of engines, as the node's runtime.cache_dir"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Export, build the engine if asked for, and print the files."""
    path = _exported(options)
    print(f"{path} ({path.stat().st_size / 1024:.0f} KB)")
    if options.engine:
        _build_engine(options, path)


def _exported(options: argparse.Namespace) -> Path:
    """Write the exported form, unless only an engine of it is wanted; return its path."""
    checkpoint = options.checkpoint
    if options.engine and not options.out:
        from jetseg_core.runtime.model_files import find_model

        files = find_model(checkpoint)
        if files.exported:
            return files.exported
        checkpoint = files.checkpoint
    from jetseg_core.deploy.onnx_export import export_onnx

    return export_onnx(checkpoint, options.out, precision=options.precision or "fp32")


def _build_engine(options: argparse.Namespace, path: Path) -> None:
    from jetseg_core.runtime import create_runtime
    from jetseg_core.runtime.tensorrt_backend import engine_folder

    settings = RuntimeSettings(
        checkpoint=str(path),
        backend="tensorrt",
        precision=options.precision or "auto",
        strict_backend=True,
        input_size=(options.size[0], options.size[1]),
        cache_dir=options.cache_dir,
    )
    runtime = create_runtime(settings)
    runtime.close()
    height, width = settings.input_size
    print(
        f"engine for {height}x{width} (height x width) in {runtime.precision}: {engine_folder(settings)}"
    )
