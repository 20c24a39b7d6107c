"""Times of models, measured in turns, so that a change of the machine's speed reaches all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from jetseg_core.bench.machine import Machine
from jetseg_core.bench.start_up import StartUp, measure_start_up
from jetseg_core.errors import JetSegError
from jetseg_core.jetson import PowerMeter
from jetseg_core.network.model_config import ModelConfig
from jetseg_core.runtime import RuntimeSettings, create_runtime
from jetseg_core.runtime.model_files import find_model

WARM_UP = 5
"""First runs of each subject, which are not counted."""


@dataclass(frozen=True)
class Subject:
    """One row of a benchmark: a model in a runtime."""

    model: str
    """Name of the model."""
    backend: str
    device: str
    precision: str
    settings: RuntimeSettings
    """Input size, batch and threads."""
    run: Callable[[], object]
    """Computes one batch, from pixels to results in the CPU's memory."""
    macs: int | None = None
    """Multiply-accumulates of a frame in the trained form; None = not known."""
    start_up: StartUp | None = None
    """Measured in a separate process; None = not measured."""


@dataclass(frozen=True)
class Timing:
    """The measured times of one subject."""

    subject: Subject
    milliseconds: np.ndarray
    """(runs,) wall time of each run, which is a batch of frames."""
    watts: float | None
    """Mean power while it ran alone; None without a sensor or beside other subjects."""

    def to_dict(self, machine: Machine) -> dict[str, object]:
        """Plain data for JSON; times are of a batch, energy and rate of a frame."""
        subject, settings, start_up = self.subject, self.subject.settings, self.subject.start_up
        median, p95 = (float(value) for value in np.percentile(self.milliseconds, (50, 95)))
        frame_s = median / 1000 / settings.batch
        gflops = 2e-9 * subject.macs / frame_s if subject.macs and subject.device == "cpu" else None
        return {
            "model": subject.model,
            "backend": subject.backend,
            "precision": subject.precision,
            "device": subject.device,
            "size": list(settings.input_size),
            "batch": settings.batch,
            "threads": settings.threads or machine.cores,
            "frames": len(self.milliseconds) * settings.batch,
            "median_ms": round(median, 2),
            "p95_ms": round(p95, 2),
            "rate_hz": round(1 / frame_s, 1),
            "macs": subject.macs,
            # The operations are those of the trained form, the peak is that of float32.
            "share_of_peak": round(gflops / machine.peak_gflops, 3) if gflops else None,
            "first_result_s": start_up.first_result_s if start_up else None,
            "peak_memory_mb": start_up.peak_memory_mb if start_up else None,
            "joules_per_frame": round(self.watts * frame_s, 3) if self.watts else "unavailable",
        }


def time_subjects(subjects: Sequence[Subject], runs: int) -> list[Timing]:
    """Time each subject `runs` times, after `WARM_UP` runs that do not count.

    Raises:
        JetSegError: `runs` is below 1.
    """
    if runs < 1:
        raise JetSegError(f"frames: {runs}; a measurement needs 1 or more")
    times = np.zeros((len(subjects), WARM_UP + runs))
    with PowerMeter() as meter:
        for turn in tqdm(range(WARM_UP + runs), "timing", leave=False):
            for index, subject in enumerate(subjects):
                began = time.perf_counter()
                # Results reach the CPU before a run returns, so this is the whole time on a GPU, too.
                subject.run()
                times[index, turn] = 1000 * (time.perf_counter() - began)
    # Beside other subjects the power of one is not known.
    watts = meter.watts if len(subjects) == 1 else None
    return [
        Timing(subject, row[WARM_UP:], watts) for subject, row in zip(subjects, times, strict=True)
    ]


def own_subject(settings: RuntimeSettings, start_up: bool) -> Subject:
    """A JetSeg model through `Runtime.segment_batch`: uint8 frames in, full-size labels out.

    Args:
        settings: of the runtime.
        start_up: measure the start-up time and peak memory, too.

    Raises:
        JetSegError: this backend or precision does not run here.
    """
    runtime = create_runtime(settings)
    settings = replace(settings, input_size=runtime.input_size)
    shape = (settings.batch, *settings.input_size, 3)
    return Subject(
        runtime.description.name,
        runtime.backend,
        runtime.device,
        runtime.precision,
        settings,
        partial(runtime.segment_batch, list(_noise(shape))),
        _macs(runtime.description.config, settings.input_size),
        measure_start_up(settings) if start_up else None,
    )


def foreign_subject(path: Path, settings: RuntimeSettings) -> Subject:
    """Another model's ONNX file on OpenVINO, unchanged: its first input is filled with noise, all outputs computed.

    Args:
        path: an image model with one input, (N, 3, H, W) or (N, H, W, 3), of fixed or any size.
        settings: precision, threads, batch and size; their checkpoint is ignored.

    Raises:
        JetSegError: not an ONNX file, or one that does not take images of this size.
    """
    import openvino as ov

    from jetseg_core.runtime.openvino_backend import compile_options, precision_of

    core = ov.Core()
    height, width = settings.input_size
    try:
        model = core.read_model(path)
        shape = model.input(0).partial_shape
        last = shape[shape.rank.get_length() - 1]
        channels_last = last.is_static and last.get_length() == 3
        image = (height, width, 3) if channels_last else (3, height, width)
        model.reshape([settings.batch, *image])
        compiled = core.compile_model(model, "CPU", compile_options(settings))
    except RuntimeError as error:
        raise JetSegError(
            f"against: '{path}' cannot be run with {settings.batch} frames of {height}x{width} "
            f"(height x width): {str(error).splitlines()[-1]}"
        ) from error
    values = _noise((settings.batch, *image)).astype(compiled.input(0).element_type.to_dtype())
    run = partial(compiled.create_infer_request().infer, [values], share_inputs=True)
    return Subject(path.stem, "openvino", "cpu", precision_of(compiled), settings, run)


def training_subject(settings: RuntimeSettings, *, channels_last: bool) -> Subject:
    """A JetSeg checkpoint as it is trained, in eager torch on the CPU in fp32, with the same frames and labels.

    Args:
        settings: checkpoint, threads, batch and size.
        channels_last: use the memory layout of training, which is faster for such networks, not torch's default.

    Raises:
        JetSegError: there is no checkpoint, only its exported form.
    """
    import torch

    from jetseg_core.network.checkpoint import load_checkpoint
    from jetseg_core.network.jetseg import normalise

    path = find_model(settings.checkpoint).checkpoint
    if path is None:
        raise JetSegError(f"'{settings.checkpoint}' has no .pt file; the training form needs that")
    checkpoint = load_checkpoint(path)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = checkpoint.build().to(memory_format=layout)  # type: ignore[call-overload]
    images = torch.from_numpy(_noise((settings.batch, *settings.input_size, 3)))

    @torch.inference_mode()
    def run() -> None:
        if settings.threads:
            torch.set_num_threads(settings.threads)
        model(normalise(images).contiguous(memory_format=layout)).argmax(1).to(torch.uint8).numpy()

    name = f"{path.stem} (training form{', channels_last' if channels_last else ''})"
    macs = _macs(checkpoint.config, settings.input_size)
    return Subject(name, "torch", "cpu", "fp32", settings, run, macs)


def _noise(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def _macs(config: ModelConfig | None, size: tuple[int, int]) -> int | None:
    if config is None:  # an imported network
        return None
    try:
        from jetseg_core.network.cost import count_complexity
        from jetseg_core.network.jetseg import JetSeg
    except ImportError:  # counting needs torch, running does not
        return None
    return count_complexity(JetSeg(config), size).macs
