"""OpenVINO, the backend of x86 CPUs."""

from __future__ import annotations

import threading
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from jetseg_core.errors import JetSegError
from jetseg_core.memory_bound import bounded_memory
from jetseg_core.runtime.base import Runtime
from jetseg_core.runtime.model_files import (
    METADATA_KEY,
    ModelDescription,
    unreadable,
)
from jetseg_core.runtime.registry import register_backend
from jetseg_core.runtime.runtime_settings import RuntimeSettings

if TYPE_CHECKING:
    import openvino as ov

PRECISION_HINTS = {"bf16": "bf16", "fp32": "f32"}


@register_backend
class OpenVinoBackend(Runtime):
    """Runs the exported graph on the CPU, in bf16 if the CPU has it, else in fp32."""

    backend = "openvino"
    packages = ("openvino",)
    model_suffix = ".onnx"
    precisions: ClassVar = {"cpu": tuple(PRECISION_HINTS)}
    speed: ClassVar = {"cpu": 4}

    device = "cpu"
    tries_confidence = False

    def _load(self, model: Path) -> ModelDescription:
        import openvino as ov

        settings = self.settings
        self._core = ov.Core()
        try:
            graph = self._core.read_model(model)
        except RuntimeError as error:
            raise unreadable(model) from error
        place = ["framework", METADATA_KEY]
        metadata = graph.get_rt_info(place).value if graph.has_rt_info(place) else None
        description = self._describe(metadata, model)
        graph.reshape({"images": [settings.batch, *self.input_size, 3]})
        _check_graph(graph, [settings.batch, *self.input_size])
        self._options = compile_options(settings)
        # The confidence costs a softmax over the whole image, so the graph with it is compiled separately, when the
        # confidence is first asked for.
        self._full_graph = graph
        self._with_confidence: _Requests | None = None
        self._compiling = threading.Lock()
        labels_only = ov.Model([graph.output("labels")], graph.get_parameters(), "labels")
        compiled = self._core.compile_model(labels_only.clone(), "CPU", self._options)
        self.precision = precision_of(compiled)
        if settings.precision not in ("auto", self.precision):
            raise JetSegError(
                f"precision: this CPU has no {settings.precision}; openvino would run {self.precision}. "
                "Choose that, or auto"
            )
        self.streams = settings.streams
        self._labels_only = _Requests(compiled, self.streams)
        return description

    def _on_cpu(self) -> bool:
        return True

    def _infer(self, images: np.ndarray, confidence: bool) -> tuple[np.ndarray, np.ndarray | None]:
        if not confidence:
            return self._labels_only.infer(images, "labels")[0], None
        labels, certainty = self._full().infer(images, "labels", "confidence")
        return labels, certainty

    def _full(self) -> _Requests:
        with self._compiling:
            if self._with_confidence is None:
                with bounded_memory(self.description.name):
                    compiled = self._core.compile_model(self._full_graph, "CPU", self._options)
                    self._with_confidence = _Requests(compiled, self.streams)
            return self._with_confidence


def _check_graph(graph: ov.Model, shape: list[int]) -> None:
    """Raise if the confidence has another form, or weights are not finite: neither shows in the labels.

    Args:
        shape: (N, h, w) of the confidence.

    Raises:
        JetSegError: see above.
    """
    confidence = graph.output("confidence")
    if confidence.element_type.to_string() != "u8" or list(confidence.partial_shape) != shape:
        raise JetSegError(
            f"the model's confidence: {confidence.element_type.to_string()} of shape {confidence.partial_shape}; "
            f"expected u8 of shape {shape}"
        )
    for node in graph.get_ops():
        real = node.get_type_name() == "Constant" and node.get_element_type().is_real()
        if real and not np.isfinite(node.data).all():
            raise JetSegError(
                f"the model's weights '{node.get_friendly_name()}' are no finite numbers"
            )


class _Requests:
    """A compiled graph for a limited number of simultaneous callers; further callers wait."""

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


def precision_of(compiled: ov.CompiledModel) -> str:
    """The precision that a compiled graph computes in, such as fp32."""
    hint = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
    return {hint: name for name, hint in PRECISION_HINTS.items()}.get(hint, hint)
