"""``jetseg bench``: how fast models run on this machine, by backend, precision, size, threads and batch."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from jetseg_core.classes.class_file import CLASSES_HELP
from jetseg_core.cli.options import add_model_options, model_config
from jetseg_core.runtime import RuntimeSettings
from jetseg_core.runtime.runtime_settings import PRECISIONS
from jetseg_core.runtime.selection import BACKENDS


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "bench",
        help="time models on this machine",
        description="Times batches of frames, every combination of what is given in turns. Without --backend "
        "and --precision, all that run here are measured. With --untrained, networks of the model options are "
        "measured instead of checkpoints: their weights are random, which changes no time.",
    )
    default = RuntimeSettings()
    several = {"nargs": "+"}
    parser.add_argument(
        "--checkpoint", **several, default=[default.checkpoint],
        help="names of shipped models, or paths of .pt or .onnx files (default: nano_camvid11)",
    )  # fmt: skip
    parser.add_argument("--backend", **several, help=f"of {', '.join(BACKENDS)} (default: all)")
    parser.add_argument("--device", default=default.device, help="auto, cpu, cuda (default: auto)")
    parser.add_argument(
        "--precision", **several, help=f"of {', '.join(PRECISIONS[1:])} (default: all)"
    )
    parser.add_argument(
        "--size", type=int, **several, default=list(default.input_size), metavar="HEIGHT WIDTH",
        help="sizes of the network's input, pairs of numbers (default: 360 480)",
    )  # fmt: skip
    parser.add_argument(
        "--threads", type=int, **several, default=[0], help="CPU threads; 0 = all (default: 0)"
    )
    parser.add_argument(
        "--batch", type=int, **several, default=[1], help="frames of a batch (default: 1)"
    )
    parser.add_argument(
        "--against", type=Path, **several, default=[], metavar="ONNX",
        help="other models' ONNX files, measured beside ours on OpenVINO",
    )  # fmt: skip
    parser.add_argument(
        "--training-form", action="store_true",
        help="measure checkpoints as they are trained, too, in eager torch on the CPU, in both memory layouts",
    )  # fmt: skip
    parser.add_argument(
        "--untrained",
        action="store_true",
        help="measure the network of the options below, untrained",
    )
    add_model_options(parser)
    parser.add_argument(
        "--presets", **several, metavar="PRESET", help="several of --preset, to compare them"
    )
    parser.add_argument(
        "--widths", type=int, **several, metavar="WIDTH",
        help="several of --decoder-channels, to compare the networks that they make",
    )  # fmt: skip
    parser.add_argument(
        "--classes", default="camvid11",
        help=f"a number of classes, or a set of them: {CLASSES_HELP} (default: camvid11)",
    )  # fmt: skip
    parser.add_argument("--frames", type=int, default=100, help="runs to measure (default: 100)")
    parser.add_argument(
        "--no-start-up", action="store_true", help="skip start-up time and peak memory"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--chart", type=Path, metavar="PNG", help="draw the result into this file")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure, print, draw."""
    if not options.untrained:
        _measure(options, options.checkpoint)
        return
    with TemporaryDirectory() as folder:
        _measure(options, list(_write_untrained(options, Path(folder))))


def _write_untrained(options: argparse.Namespace, folder: Path) -> Iterator[str]:
    """Checkpoints of random weights, with their exported forms."""
    from jetseg_core.classes.class_file import find_classes
    from jetseg_core.deploy.onnx_export import export_onnx
    from jetseg_core.network.checkpoint import save_checkpoint
    from jetseg_core.network.jetseg import JetSeg

    classes = find_classes(options.classes)
    sizes = _sizes(options)
    base = model_config(options, len(classes))
    presets = options.presets or [base.preset]
    for preset, width in product(presets, options.widths or [base.decoder_channels]):
        config = replace(base, preset=preset, decoder_channels=width)
        width = config.sizes.decoder_channels
        name = f"{preset}-c{config.combination}-{config.decoder}{width}-untrained"
        path = folder / f"{name}.pt"
        save_checkpoint(path, JetSeg(config), classes, {"data": "none: random weights"})
        if options.backend != ["torch"]:
            one = sizes[0] if len(sizes) == 1 and options.batch == [1] else None
            export_onnx(path, size=one)
        yield str(path)


def _measure(options: argparse.Namespace, checkpoints: list[str]) -> None:
    from jetseg_core.bench.machine import measure_machine
    from jetseg_core.bench.subjects import foreign, own, training_form
    from jetseg_core.bench.timing import time_subjects
    from jetseg_core.errors import JetSegError

    backends = options.backend or list(BACKENDS)
    precisions = options.precision or PRECISIONS[1:]
    subjects, obstacles = [], []
    for size, threads, batch in product(_sizes(options), options.threads, options.batch):
        base = RuntimeSettings(
            device=options.device,
            threads=threads,
            batch=batch,
            input_size=size,
            strict_backend=True,
        )
        for checkpoint, backend, precision in product(checkpoints, backends, precisions):
            chosen = replace(base, checkpoint=checkpoint, backend=backend, precision=precision)
            try:
                subjects.append(own(chosen, start_up=not options.no_start_up))
            except JetSegError as error:
                obstacles.append(str(error))
        if options.training_form:
            subjects += [
                training_form(replace(base, checkpoint=name), channels_last=layout)
                for name in checkpoints
                for layout in (False, True)
            ]
        for path, precision in product(options.against, precisions):
            if precision in ("fp32", "bf16"):
                subjects.append(foreign(path, replace(base, precision=precision)))
    if not subjects:
        raise JetSegError("; ".join(obstacles))
    machine = measure_machine()
    rows = [timing.to_dict(machine) for timing in time_subjects(subjects, options.frames)]
    name = f"{machine.processor}, {machine.cores} cores"
    if options.chart:
        from jetseg_core.bench.chart import draw

        draw(rows, name, options.chart)
    if options.json:
        result = {"machine": asdict(machine), "results": rows, "not_measured": obstacles}
        print(json.dumps(result, indent=2))
        return
    print(
        f"{name}; measured peaks: {machine.peak_gflops} GFLOP/s (float32 matrix product), "
        f"{machine.copy_gb_s} GB/s (copy)"
    )
    _print_table(rows)


def _print_table(rows: list[dict[str, object]]) -> None:
    columns = {
        "model": "model", "backend": "backend", "precision": "", "size": "size", "batch": "batch",
        "threads": "threads", "median_ms": "median ms", "p95_ms": "p95 ms", "rate_hz": "frames/s",
        "macs": "GMAC", "share_of_peak": "of peak", "first_result_s": "start s",
        "peak_memory_mb": "MB", "joules_per_frame": "J/frame",
    }  # fmt: skip
    table = [list(columns.values())]
    for row in rows:
        shown: dict[str, object] = dict(row)
        shown["size"] = "x".join(map(str, row["size"]))  # type: ignore[call-overload]
        shown["macs"] = f"{row['macs'] / 1e9:.2f}" if row["macs"] else None  # type: ignore[operator]
        shown["joules_per_frame"] = (
            "-" if shown["joules_per_frame"] == "unavailable" else shown["joules_per_frame"]
        )
        table.append(["-" if shown[key] is None else str(shown[key]) for key in columns])
    widths = [max(len(line[index]) for line in table) for index in range(len(columns))]
    for line in table:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )


def _sizes(options: argparse.Namespace) -> list[tuple[int, int]]:
    """The pairs of --size.

    Raises:
        JetSegError: an odd number of numbers.
    """
    from jetseg_core.errors import JetSegError

    numbers = options.size
    if len(numbers) % 2:
        raise JetSegError(f"size: {numbers} are not pairs of height and width")
    return list(zip(numbers[::2], numbers[1::2], strict=True))
