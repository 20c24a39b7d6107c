"""``jetseg bench``: speed of models on this machine, by backend, precision, size, threads and batch."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from jetseg_core.classes.class_file import CLASSES_HELP
from jetseg_core.cli.options import add_model_options, model_config
from jetseg_core.errors import JetSegError
from jetseg_core.runtime import RuntimeSettings
from jetseg_core.runtime.registry import backends, devices, precisions

if TYPE_CHECKING:
    from jetseg_core.bench.model_bench import Subject

COLUMNS = {
    "model": "model", "backend": "backend", "precision": "", "size": "size", "batch": "batch",
    "threads": "threads", "median_ms": "median ms", "p95_ms": "p95 ms", "rate_hz": "frames/s",
    "macs": "GMAC", "share_of_peak": "of peak", "first_result_s": "start s",
    "peak_memory_mb": "MB", "joules_per_frame": "J/frame",
}  # fmt: skip
"""Headings of the printed table, by key of the JSON."""


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "bench",
        help="time models on this machine",
        description="Times batches of frames, every combination of the options in turns. Without --backend and "
        "--precision, everything that runs here is measured. With --untrained, networks of the model options are "
        "measured instead of checkpoints: their weights are random, which changes no time.",
    )
    default = RuntimeSettings()
    several = {"nargs": "+"}
    parser.add_argument(
        "--checkpoint", **several, default=[default.checkpoint],
        help=f"names of shipped models, or paths of .pt or .onnx files (default: {default.checkpoint})",
    )  # fmt: skip
    parser.add_argument(
        "--backend", **several, help=f"any of {', '.join(backends())} (default: all)"
    )
    parser.add_argument(
        "--device", default="auto", help=f"auto, {', '.join(devices())} (default: auto)"
    )
    parser.add_argument(
        "--precision", **several, help=f"any of {', '.join(precisions())} (default: all)"
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
    parser.add_argument(
        "--accuracy", **several, default=[], metavar="MODEL=PERCENT",
        help="accuracy of measured models, by name: the chart is accuracy against time",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure, print, draw."""
    if not options.untrained:
        _measure(options, options.checkpoint)
        return
    with TemporaryDirectory() as folder:
        _measure(options, list(_write_untrained(options, Path(folder))))


def _write_untrained(options: argparse.Namespace, folder: Path) -> Iterator[str]:
    """Write checkpoints of random weights, with their exported forms; yield their paths."""
    from jetseg_core.classes.class_file import find_classes
    from jetseg_core.deploy.onnx_export import export_onnx
    from jetseg_core.network.checkpoint import save_checkpoint
    from jetseg_core.network.jetseg import JetSeg

    classes = find_classes(options.classes)
    sizes = _sizes(options)
    chosen = [name for name in options.backend or backends() if name in backends()]
    base = model_config(options, len(classes))
    presets = options.presets or [base.preset]
    for preset, width in product(presets, options.widths or [base.decoder_channels]):
        config = replace(base, preset=preset, decoder_channels=width)
        width = config.sizes.decoder_channels
        name = f"{preset}-c{config.combination}-{config.decoder}{width}-untrained"
        path = folder / f"{name}.pt"
        save_checkpoint(path, JetSeg(config), classes, {"data": "none: random weights"})
        if any(backends()[backend].model_suffix == ".onnx" for backend in chosen):
            one = sizes[0] if len(sizes) == 1 and options.batch == [1] else None
            export_onnx(path, size=one)
        yield str(path)


def _measure(options: argparse.Namespace, checkpoints: list[str]) -> None:
    """Time the checkpoints in all combinations of the options, print the result, and draw it."""
    from jetseg_core.bench.machine import measure_machine
    from jetseg_core.bench.model_bench import time_subjects

    accuracy = _accuracy(options)
    obstacles: list[str] = []
    subjects = list(_subjects(options, checkpoints, obstacles))
    if not subjects:
        raise JetSegError("; ".join(obstacles))
    unknown = set(accuracy) - {subject.model for subject in subjects}
    if unknown:
        raise JetSegError(
            f"accuracy: {', '.join(sorted(unknown))} is not measured; measured: "
            f"{', '.join(dict.fromkeys(subject.model for subject in subjects))}"
        )
    machine = measure_machine()
    rows = [timing.to_dict(machine) for timing in time_subjects(subjects, options.frames)]
    name = f"{machine.processor}, {machine.cores} cores"
    if options.json:
        result = {"machine": asdict(machine), "results": rows, "not_measured": obstacles}
        print(json.dumps(result, indent=2))
    else:
        print(
            f"{name}; measured peaks: {machine.peak_gflops} GFLOP/s (float32 matrix product), "
            f"{machine.copy_gb_s} GB/s (copy)"
        )
        _print_table(rows)
    if options.chart:  # last, so that a place that cannot be written costs no figure
        from jetseg_core.bench.chart import draw_accuracy, draw_models

        if accuracy:
            draw_accuracy(rows, accuracy, name, options.chart)
        else:
            draw_models(rows, name, options.chart)


def _accuracy(options: argparse.Namespace) -> dict[str, float]:
    """The pairs of --accuracy.

    Raises:
        JetSegError: not a name and a percentage, or no chart to show them.
    """
    accuracy = {}
    for pair in options.accuracy:
        name, _, percent = pair.rpartition("=")
        try:
            accuracy[name] = float(percent)
        except ValueError:
            name = ""
        if not name or not 0 <= accuracy[name] <= 100:
            raise JetSegError(f"accuracy: '{pair}'; write MODEL=PERCENT, such as nano_road11=58.9")
    if accuracy and not options.chart:
        raise JetSegError("accuracy: only the chart shows it; name one with --chart")
    return accuracy


def _subjects(
    options: argparse.Namespace, checkpoints: list[str], obstacles: list[str]
) -> Iterator[Subject]:
    """Yield the subjects that run here; the reasons of the others are appended to `obstacles`."""
    from jetseg_core.bench.model_bench import foreign_subject, own_subject, training_subject

    wanted = options.precision or precisions()
    for size, threads, batch in product(_sizes(options), options.threads, options.batch):
        base = RuntimeSettings(
            device=options.device,
            threads=threads,
            batch=batch,
            input_size=size,
            strict_backend=True,
        )
        for checkpoint, backend, precision in product(
            checkpoints, options.backend or backends(), wanted
        ):
            chosen = replace(base, checkpoint=checkpoint, backend=backend, precision=precision)
            try:
                yield own_subject(chosen, start_up=not options.no_start_up)
            except JetSegError as error:
                obstacles.append(str(error))
        if options.training_form:
            for checkpoint, layout in product(checkpoints, (False, True)):
                settings = replace(base, checkpoint=checkpoint)
                yield training_subject(settings, channels_last=layout)
        for path, precision in product(options.against, wanted):
            if precision in backends()["openvino"].precisions["cpu"]:
                yield foreign_subject(path, replace(base, precision=precision))


def _print_table(rows: list[dict[str, Any]]) -> None:
    table = [list(COLUMNS.values())]
    for row in rows:
        shown = row | {
            "size": "x".join(map(str, row["size"])),
            "macs": f"{row['macs'] / 1e9:.2f}" if row["macs"] else "-",
        }
        cells = (shown[key] for key in COLUMNS)
        table.append(["-" if cell in (None, "unavailable") else str(cell) for cell in cells])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())


def _sizes(options: argparse.Namespace) -> list[tuple[int, int]]:
    """The pairs of --size.

    Raises:
        JetSegError: an odd number of numbers.
    """
    numbers = options.size
    if len(numbers) % 2:
        raise JetSegError(f"size: {numbers} are not pairs of height and width")
    return list(zip(numbers[::2], numbers[1::2], strict=True))
