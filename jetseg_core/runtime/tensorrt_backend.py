"""TensorRT, the backend of Jetsons and NVIDIA GPUs.

Written after NVIDIA's Python API documentation for TensorRT 10 (named tensors, `execute_async_v3`); not run by its
authors yet.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np

from jetseg_core.atomic_file import replacing
from jetseg_core.errors import JetSegError
from jetseg_core.runtime.base import Runtime
from jetseg_core.runtime.model_files import (
    METADATA_KEY,
    ModelDescription,
    read_description,
    unreadable,
)
from jetseg_core.runtime.registry import register_backend

Engine = TypeVar("Engine")
_log = logging.getLogger("jetseg")


@register_backend
class TensorRtBackend(Runtime):
    """Runs an engine built from the exported graph, in fp16 unless fp32 is asked for."""

    backend = "tensorrt"
    packages = ("tensorrt", "cuda", "onnx")
    model_suffix = ".onnx"
    precisions: ClassVar = {"cuda": ("fp16", "fp32")}
    speed: ClassVar = {"cuda": 2}

    device = "cuda:0"

    @classmethod
    def sees_cuda(cls) -> bool:
        """True if TensorRT is installed: it is only where there is a CUDA device."""
        return find_spec("tensorrt") is not None

    def _load(self, model: Path) -> ModelDescription:
        import onnx
        import tensorrt as trt
        from cuda.bindings import runtime as cudart

        settings = self.settings
        self.precision = "fp32" if settings.precision == "fp32" else "fp16"
        data = model.read_bytes()
        try:
            properties = {p.key: p.value for p in onnx.load_from_string(data).metadata_props}
        except Exception as error:  # Reading arbitrary bytes can raise anything.
            raise unreadable(model) from error
        description = read_description(properties.get(METADATA_KEY), model)
        self._shape = (settings.batch, *settings.input_size, 3)
        self._logger = trt.Logger(trt.Logger.WARNING)
        runtime = trt.Runtime(self._logger)
        key = {
            "model": model.stem,
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
        return description

    def _build(self, model: bytes) -> bytes:
        import tensorrt as trt

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
        from cuda.bindings import runtime as cudart

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
        from cuda.bindings import runtime as cudart

        for pointer in self._buffers.values():
            _check(cudart.cudaFree(pointer))
        _check(cudart.cudaStreamDestroy(self._stream))


def _check(answer: tuple) -> Any:
    """The value of a CUDA call, whose answer starts with an error code."""
    from cuda.bindings import runtime as cudart

    error, *values = answer
    if error != cudart.cudaError_t.cudaSuccess:
        raise JetSegError(f"CUDA: {cudart.cudaGetErrorName(error)[1].decode()}")
    return values[0] if values else None


def cached_engine(
    folder: Path,
    key: Mapping[str, object],
    build: Callable[[], bytes],
    load: Callable[[bytes], Engine | None],
) -> Engine:
    """Load the engine of a key from its file, or build and keep it, so that only the first start waits.

    The key holds everything that an engine depends on: another model, library, GPU, precision or shape gives another
    file, so a stale engine is never loaded. A file that cannot be loaded is built again. If the engine cannot be
    written, it is used without a file. Both are logged as warnings.

    Args:
        folder: cache folder; made when needed.
        key: plain data.
        build: compiles the engine; takes minutes.
        load: engine from its bytes, or None if they are not an engine.
    """
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
    path = folder / f"{key.get('model', 'engine')}-{digest}.engine"
    if path.is_file():
        engine = load(path.read_bytes())
        if engine is not None:
            return engine
        _log.warning("the cached engine '%s' is damaged; building it again", path)
    _log.warning("building an engine for %s; this takes minutes, once", dict(key))
    data = build()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(path) as partial:
            partial.write_bytes(data)
    except OSError as error:
        _log.warning(
            "the engine could not be kept in '%s' (%s); the next start builds it again", path, error
        )
    engine = load(data)
    if engine is None:
        raise RuntimeError("an engine that was just built cannot be loaded")
    return engine
