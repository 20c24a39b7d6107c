"""What a benchmark runs: a model of ours in a runtime, or anybody's ONNX file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from jetseg_core.bench.start_up import StartUp, measure_start_up
from jetseg_core.errors import JetSegError
from jetseg_core.runtime import RuntimeSettings, create_runtime


@dataclass(frozen=True)
class Subject:
    """One row of a benchmark."""

    model: str
    """Name of the model."""
    backend: str
    device: str
    precision: str
    settings: RuntimeSettings
    """Input size, batch and threads."""
    run: Callable[[], object]
    """Takes one batch from pixels to the CPU's memory."""
    macs: int | None
    """Multiply-accumulates of a frame in the form that was trained; None = not known."""
    start_up: StartUp | None
    """Of a process of its own; None = not measured."""


def own(settings: RuntimeSettings, start_up: bool) -> Subject:
    """A model of ours through `Runtime.segment_batch`: uint8 frames in, full-size labels out.

    Raises:
        JetSegError: this backend or precision does not run here.
    """
    runtime = create_runtime(settings)
    rng = np.random.default_rng(0)
    images = list(rng.integers(0, 256, (settings.batch, *settings.input_size, 3), np.uint8))
    return Subject(
        runtime.description.name,
        runtime.backend,
        runtime.device,
        runtime.precision,
        settings,
        partial(runtime.segment_batch, images),
        _macs(runtime.description.config, settings.input_size),
        measure_start_up(settings) if start_up else None,
    )


def foreign(path: Path, settings: RuntimeSettings) -> Subject:
    """Another model's ONNX file on OpenVINO, as it is: its first input filled with noise, all outputs computed.

    Args:
        path: an image model with one input, (N, 3, H, W) or (N, H, W, 3), of fixed or any size.
        settings: precision, threads, batch and size; the checkpoint in them is not looked at.

    Raises:
        JetSegError: not an ONNX file, or one that does not take images of this size.
    """
    import openvino as ov

    from jetseg_core.runtime.openvino_backend import PRECISION_NAMES, compile_options

    core = ov.Core()
    try:
        model = core.read_model(path)
        shape = model.input(0).partial_shape
        last = shape[shape.rank.get_length() - 1]
        channels_last = last.is_static and last.get_length() == 3
        height, width = settings.input_size
        wanted = (height, width, 3) if channels_last else (3, height, width)
        model.reshape([settings.batch, *wanted])
        compiled = core.compile_model(model, "CPU", compile_options(settings))
    except RuntimeError as error:
        raise JetSegError(
            f"against: '{path}' cannot be run with {settings.batch} frames of "
            f"{settings.input_size[0]}x{settings.input_size[1]} (height x width): {str(error).splitlines()[-1]}"
        ) from error
    request = compiled.create_infer_request()
    noise = np.random.default_rng(0).integers(0, 256, (settings.batch, *wanted))
    values = noise.astype(compiled.input(0).element_type.to_dtype())
    hint = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
    return Subject(
        path.stem,
        "openvino",
        "cpu",
        PRECISION_NAMES.get(hint, hint),
        settings,
        partial(request.infer, [values], share_inputs=True),
        None,
        None,
    )


def training_form(settings: RuntimeSettings, *, channels_last: bool) -> Subject:
    """A checkpoint of ours as it is trained, in eager torch on the CPU in fp32: the same frames, the same labels.

    Args:
        channels_last: memory layout of training, which is faster for such networks; otherwise torch's own.

    Raises:
        JetSegError: there is no checkpoint, only its exported form.
    """
    import torch

    from jetseg_core.network.checkpoint import load_checkpoint
    from jetseg_core.network.jetseg import normalise
    from jetseg_core.runtime.model_files import find_model

    path = find_model(settings.checkpoint).checkpoint
    if path is None:
        raise JetSegError(f"'{settings.checkpoint}' has no .pt file; the training form needs that")
    checkpoint = load_checkpoint(path)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = checkpoint.build().to(memory_format=layout)  # type: ignore[call-overload]
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (settings.batch, *settings.input_size, 3), np.uint8)
    images = torch.from_numpy(noise)

    @torch.inference_mode()
    def run() -> None:
        if settings.threads:
            torch.set_num_threads(settings.threads)
        model(normalise(images).contiguous(memory_format=layout)).argmax(1).to(torch.uint8).numpy()

    macs = _macs(checkpoint.config, settings.input_size)
    name = f"{path.stem} (training form{', channels_last' if channels_last else ''})"
    return Subject(name, "torch", "cpu", "fp32", settings, run, macs, None)


def _macs(config: object, size: tuple[int, int]) -> int | None:
    try:
        from jetseg_core.network.cost import count_complexity
        from jetseg_core.network.jetseg import JetSeg
    except ImportError:  # Counting needs torch, running does not.
        return None
    return count_complexity(JetSeg(config), size).macs  # type: ignore[arg-type]
