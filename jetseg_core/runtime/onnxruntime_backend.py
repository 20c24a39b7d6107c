"""ONNX Runtime: CPU, CUDA, or TensorRT through its provider."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort

from jetseg_core.errors import JetSegError
from jetseg_core.runtime.base import Runtime
from jetseg_core.runtime.exported_model import METADATA_KEY, describe, unreadable
from jetseg_core.runtime.runtime_settings import RuntimeSettings

PROVIDERS = {
    "CPUExecutionProvider": ("cpu", "fp32"),
    "CUDAExecutionProvider": ("cuda:0", "fp32"),
    "TensorrtExecutionProvider": ("cuda:0", "fp16"),
}
"""Each provider's device and the precision that it is used in."""


class OnnxRuntimeBackend(Runtime):
    """Runs the exported graph in fp32 on the CPU or CUDA, or in fp16 through the TensorRT provider."""

    backend = "onnxruntime"

    def __init__(self, exported: Path, settings: RuntimeSettings) -> None:
        provider = _provider(settings)
        options = ort.SessionOptions()
        options.intra_op_num_threads = settings.threads
        options.log_severity_level = 3  # Errors; what it cannot do is checked below.
        provider_options: dict[str, object] = {}
        if provider == "TensorrtExecutionProvider":
            cache = settings.cache_folder() / "onnxruntime"
            cache.mkdir(parents=True, exist_ok=True)
            provider_options = {
                "trt_fp16_enable": True,
                "trt_engine_cache_enable": True,
                "trt_engine_cache_path": str(cache),
            }
        try:
            self._session = ort.InferenceSession(
                exported, options, providers=[(provider, provider_options)]
            )
        except Exception as error:  # Its exceptions share no base class.
            raise unreadable(exported) from error
        if self._session.get_providers()[0] != provider:
            # It falls back to the CPU without a word where a provider's libraries do not load.
            raise JetSegError(
                f"device: onnxruntime offers {provider} but cannot start it (missing CUDA libraries?); use "
                "--device cpu, or install what it needs"
            )
        metadata = self._session.get_modelmeta().custom_metadata_map
        super().__init__(describe(metadata.get(METADATA_KEY), exported), settings)
        self.device, self.precision = PROVIDERS[provider]
        # Without this the confidence would be computed even where nobody asks for it.
        self._run_options = ort.RunOptions()
        self._run_options.only_execute_path_to_fetches = True

    def _infer(self, images: np.ndarray, confidence: bool) -> tuple[np.ndarray, np.ndarray | None]:
        outputs = ["labels", "confidence"] if confidence else ["labels"]
        results = self._session.run(outputs, {"images": images}, self._run_options)
        return results[0], results[1] if confidence else None


def _provider(settings: RuntimeSettings) -> str:
    """The provider for the device and precision asked for.

    Raises:
        JetSegError: no provider of this installation does that.
    """
    available = [name for name in PROVIDERS if name in ort.get_available_providers()]
    for name in reversed(available):
        device, precision = PROVIDERS[name]
        if settings.device in ("auto", device.partition(":")[0]) and settings.precision in (
            "auto" if name != "TensorrtExecutionProvider" else precision,
            precision,
        ):
            return name
    offers = ", ".join(" ".join(PROVIDERS[name]) for name in available)
    raise JetSegError(
        f"device {settings.device}, precision {settings.precision}: not available with onnxruntime as it is "
        f"installed here; it offers {offers}"
    )
