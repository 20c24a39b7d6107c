"""TensorRT, the backend of Jetsons and NVIDIA GPUs.

Written after NVIDIA's Python API documentation for TensorRT 10 (named tensors, `execute_async_v3`); not run by its
authors yet.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tensorrt as trt
from cuda.bindings import runtime as cudart

from jetseg_core.errors import JetSegError
from jetseg_core.runtime.base import Runtime
from jetseg_core.runtime.engine_cache import cached_engine
from jetseg_core.runtime.exported_model import METADATA_KEY, describe, unreadable
from jetseg_core.runtime.runtime_settings import RuntimeSettings


class TensorRtRuntime(Runtime):
    """Runs an engine built from the exported graph, in fp16 unless fp32 is asked for."""

    backend = "tensorrt"
    device = "cuda:0"

    def __init__(self, exported: Path, settings: RuntimeSettings) -> None:
        if settings.device == "cpu" or settings.precision not in ("auto", "fp16", "fp32"):
            raise JetSegError(
                f"device {settings.device}, precision {settings.precision}: the tensorrt backend runs on CUDA "
                "in fp16 or fp32; choose those, or auto"
            )
        self.precision = "fp32" if settings.precision == "fp32" else "fp16"
        data = exported.read_bytes()
        try:
            properties = {p.key: p.value for p in onnx.load_from_string(data).metadata_props}
        except Exception as error:  # Reading arbitrary bytes can raise anything.
            raise unreadable(exported) from error
        super().__init__(describe(properties.get(METADATA_KEY), exported), settings)
        self._shape = (settings.batch, *settings.input_size, 3)
        self._logger = trt.Logger(trt.Logger.WARNING)
        runtime = trt.Runtime(self._logger)
        key = {
            "model": exported.stem,
            "sha256": hashlib.sha256(data).hexdigest(),
            "tensorrt": trt.__version__,
            "gpu": _check(cudart.cudaGetDeviceProperties(0)).name.decode(errors="replace"),
            "precision": self.precision,
            "shape": self._shape,
        }
        self._engine = cached_engine(
            settings.cache_folder() / "tensorrt",
            key,
            lambda: self._build(data),
            runtime.deserialize_cuda_engine,
        )
        self._context = self._engine.create_execution_context()
        self._stream = _check(cudart.cudaStreamCreate())
        self._pixels = int(np.prod(self._shape[:3]))
        self._buffers = {
            name: _check(cudart.cudaMalloc(self._pixels * channels))
            for name, channels in (("images", 3), ("labels", 1), ("confidence", 1))
        }
        for name, pointer in self._buffers.items():
            self._context.set_tensor_address(name, pointer)

    def _build(self, model: bytes) -> bytes:
        builder = trt.Builder(self._logger)
        network = builder.create_network(0)
        parser = trt.OnnxParser(network, self._logger)
        if not parser.parse(model):
            reasons = "; ".join(str(parser.get_error(i)) for i in range(parser.num_errors))
            raise JetSegError(f"TensorRT {trt.__version__} cannot read the model: {reasons}")
        config = builder.create_builder_config()
        if self.precision == "fp16":
            config.set_flag(trt.BuilderFlag.FP16)
        profile = builder.create_optimization_profile()
        profile.set_shape("images", self._shape, self._shape, self._shape)
        config.add_optimization_profile(profile)
        engine = builder.build_serialized_network(network, config)
        if engine is None:
            raise JetSegError("TensorRT could not build an engine; its own messages say why")
        return bytes(engine)

    def _infer(self, images: np.ndarray, confidence: bool) -> tuple[np.ndarray, np.ndarray | None]:
        to_device = cudart.cudaMemcpyKind.cudaMemcpyHostToDevice
        to_host = cudart.cudaMemcpyKind.cudaMemcpyDeviceToHost
        images = np.ascontiguousarray(images)
        _check(
            cudart.cudaMemcpyAsync(
                self._buffers["images"], images.ctypes.data, images.nbytes, to_device, self._stream
            )
        )
        if not self._context.execute_async_v3(self._stream):
            raise JetSegError("TensorRT could not run the engine; its own messages say why")
        results = {}
        for name in ("labels", "confidence") if confidence else ("labels",):
            result = np.empty(self._shape[:3], np.uint8)
            _check(
                cudart.cudaMemcpyAsync(
                    result.ctypes.data, self._buffers[name], result.nbytes, to_host, self._stream
                )
            )
            results[name] = result
        _check(cudart.cudaStreamSynchronize(self._stream))
        return results["labels"], results.get("confidence")

    def close(self) -> None:
        """Free the GPU's memory."""
        for pointer in self._buffers.values():
            _check(cudart.cudaFree(pointer))
        _check(cudart.cudaStreamDestroy(self._stream))


def _check(answer: tuple) -> Any:
    """The value of a CUDA call, whose answer starts with an error code."""
    error, *values = answer
    if error != cudart.cudaError_t.cudaSuccess:
        raise JetSegError(f"CUDA: {_error_name(error)}")
    return values[0] if values else None


def _error_name(error: Any) -> str:
    return cudart.cudaGetErrorName(error)[1].decode()
