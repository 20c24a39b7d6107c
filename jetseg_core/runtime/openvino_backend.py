"""OpenVINO, the backend of x86 CPUs."""

from __future__ import annotations

import threading
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import openvino as ov

from jetseg_core.errors import JetSegError
from jetseg_core.runtime.base import Runtime
from jetseg_core.runtime.exported_model import METADATA_KEY, describe, unreadable
from jetseg_core.runtime.runtime_settings import RuntimeSettings

PRECISION_HINTS = {"fp32": "f32", "bf16": "bf16"}
PRECISION_NAMES = {hint: name for name, hint in PRECISION_HINTS.items()}


class OpenVinoRuntime(Runtime):
    """Runs the exported graph on the CPU, in bf16 where the CPU has it, else in fp32."""

    backend = "openvino"
    device = "cpu"

    def __init__(self, exported: Path, settings: RuntimeSettings) -> None:
        if settings.device == "cuda":
            raise JetSegError(
                "device: the openvino backend runs on the CPU; use backend torch for cuda, or device cpu"
            )
        if settings.precision not in ("auto", *PRECISION_HINTS):
            raise JetSegError(
                f"precision: '{settings.precision}' is not available with openvino on a CPU; choose auto, "
                f"{' or '.join(PRECISION_HINTS)}"
            )
        self._core = ov.Core()
        try:
            model = self._core.read_model(exported)
        except RuntimeError as error:
            raise unreadable(exported) from error
        place = ["framework", METADATA_KEY]
        metadata = model.get_rt_info(place).value if model.has_rt_info(place) else None
        super().__init__(describe(metadata, exported), settings)
        model.reshape([settings.batch, *settings.input_size, 3])
        self._options = compile_options(settings)
        # The confidence costs a softmax over the whole image, so the graph without it is one of its own;
        # the one with it is compiled when first asked for.
        self._full_model = model
        self._with_confidence: _Requests | None = None
        self._compiling = threading.Lock()
        labels_only = ov.Model([model.output("labels")], model.get_parameters(), "labels")
        compiled = self._core.compile_model(labels_only.clone(), "CPU", self._options)
        hint = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
        self.precision = PRECISION_NAMES.get(hint, hint)
        if settings.precision not in ("auto", self.precision):
            raise JetSegError(
                f"precision: this CPU has no {settings.precision}; openvino would run {self.precision}. "
                "Choose that, or auto"
            )
        self.streams = settings.streams
        self._labels_only = _Requests(compiled, self.streams)

    def _infer(self, images: np.ndarray, confidence: bool) -> tuple[np.ndarray, np.ndarray | None]:
        if not confidence:
            return self._labels_only.infer(images, "labels")[0], None
        labels, certainty = self._full().infer(images, "labels", "confidence")
        return labels, certainty

    def _full(self) -> _Requests:
        with self._compiling:
            if self._with_confidence is None:
                compiled = self._core.compile_model(self._full_model, "CPU", self._options)
                self._with_confidence = _Requests(compiled, self.streams)
            return self._with_confidence


class _Requests:
    """A compiled graph, for some callers at a time; further ones wait."""

    def __init__(self, compiled: ov.CompiledModel, count: int) -> None:
        self._idle: SimpleQueue[ov.InferRequest] = SimpleQueue()
        for _ in range(count):
            self._idle.put(compiled.create_infer_request())

    def infer(self, images: np.ndarray, *names: str) -> list[np.ndarray]:
        """The outputs of these names."""
        request = self._idle.get()
        try:
            request.infer([images], share_inputs=True)
            return [request.get_tensor(name).data.copy() for name in names]
        finally:
            self._idle.put(request)


def compile_options(settings: RuntimeSettings) -> dict[str, object]:
    """OpenVINO's properties for these settings; the precision must be one of `PRECISION_HINTS` or auto."""
    options: dict[str, object] = {"PERFORMANCE_HINT": "LATENCY"}
    if settings.precision != "auto":
        options["INFERENCE_PRECISION_HINT"] = PRECISION_HINTS[settings.precision]
    if settings.threads:
        options["INFERENCE_NUM_THREADS"] = settings.threads
    if settings.streams > 1:
        options["NUM_STREAMS"] = settings.streams
    return options
