"""ONNX Runtime: CPU, CUDA, or TensorRT through its provider."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np

from jetseg_core.errors import JetSegError
from jetseg_core.runtime.base import Runtime
from jetseg_core.runtime.model_files import (
    METADATA_KEY,
    ModelDescription,
    unreadable,
)
from jetseg_core.runtime.registry import register_backend

_TENSORRT = "TensorrtExecutionProvider"
PROVIDERS = {
    _TENSORRT: ("cuda", "fp16"),
    "CUDAExecutionProvider": ("cuda", "fp32"),
    "CPUExecutionProvider": ("cpu", "fp32"),
}
"""Device and precision of each execution provider, the preferred one first."""


@register_backend
class OnnxRuntimeBackend(Runtime):
    """Runs the exported graph in fp32 on the CPU or CUDA, or in fp16 through the TensorRT provider."""

    backend = "onnxruntime"
    packages = ("onnxruntime",)
    model_suffix = ".onnx"
    precisions: ClassVar = {"cpu": ("fp32",), "cuda": ("fp32", "fp16")}
    speed: ClassVar = {"cpu": 2, "cuda": 0.5}

    def _load(self, model: Path) -> ModelDescription:
        import onnxruntime as ort

        provider = self._choose_provider(ort.get_available_providers())
        options = ort.SessionOptions()
        options.intra_op_num_threads = self.settings.threads
        options.log_severity_level = 3  # errors only; missing providers are checked below
        provider_options: dict[str, object] = {}
        if provider == _TENSORRT:
            cache = self.settings.cache_folder() / "onnxruntime"
            cache.mkdir(parents=True, exist_ok=True)
            provider_options = {
                "trt_fp16_enable": True,
                "trt_engine_cache_enable": True,
                "trt_engine_cache_path": str(cache),
            }
        try:
            self._session = ort.InferenceSession(
                model,
                options,
                providers=[(provider, provider_options)],
                # Another try on the CPU is announced on standard output.
                enable_fallback=int(provider != "CPUExecutionProvider"),
            )
        except Exception as error:  # its exceptions share no base class
            raise unreadable(model) from error
        if self._session.get_providers()[0] != provider:
            # It falls back to the CPU silently if a provider's libraries do not load.
            raise JetSegError(
                f"device: onnxruntime offers {provider} but cannot start it (missing CUDA libraries?); use "
                "--device cpu, or install what it needs"
            )
        device, self.precision = PROVIDERS[provider]
        self.device = "cuda:0" if device == "cuda" else device
        # Otherwise the confidence would be computed even if it is not asked for.
        self._run_options = ort.RunOptions()
        self._run_options.only_execute_path_to_fetches = True
        metadata = self._session.get_modelmeta().custom_metadata_map
        return self._describe(metadata.get(METADATA_KEY), model)

    def _on_cpu(self) -> bool:
        import onnxruntime as ort

        return self._choose_provider(ort.get_available_providers()) == "CPUExecutionProvider"

    def _choose_provider(self, available: list[str]) -> str:
        """The preferred available provider for the device and precision asked for.

        Raises:
            JetSegError: no available provider has them.
        """
        offer: dict[str, list[str]] = {}
        for name, (device, precision) in PROVIDERS.items():
            if name not in available:
                continue
            offer.setdefault(device, []).append(precision)
            # TensorRT compiles for minutes, so it runs only if its precision is asked for.
            wanted = (precision,) if name == _TENSORRT else ("auto", precision)
            if self.settings.device in ("auto", device) and self.settings.precision in wanted:
                return name
        self._check_offer(offer)
        raise JetSegError(f"onnxruntime has none of the providers {', '.join(PROVIDERS)}")

    def _infer(self, images: np.ndarray, confidence: bool) -> tuple[np.ndarray, np.ndarray | None]:
        outputs = ["labels", "confidence"] if confidence else ["labels"]
        results = self._session.run(outputs, {"images": images}, self._run_options)
        return results[0], results[1] if confidence else None
