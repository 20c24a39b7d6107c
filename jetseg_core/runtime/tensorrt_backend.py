"""TensorRT, the backend of Jetsons and NVIDIA GPUs: 8.5 to 11, told apart by the attributes of the module.

Checked against NVIDIA's documentation and the sources of its bindings (`test/jetseg_core/runtime/tensorrt_api.json`);
not run on a device by its authors yet.
"""

from __future__ import annotations

import ctypes
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
from jetseg_core.jetson import has_nvidia_device
from jetseg_core.memory_bound import bounded_memory
from jetseg_core.runtime.base import Runtime
from jetseg_core.runtime.model_files import (
    METADATA_KEY,
    ModelDescription,
    unreadable,
)
from jetseg_core.runtime.registry import register_backend
from jetseg_core.runtime.runtime_settings import RuntimeSettings

ADVICE = {
    "cudaErrorInsufficientDriver": "; the CUDA runtime in cuda-python is newer than the driver: install the "
    "cuda-python of the driver's own CUDA version, such as pip install 'cuda-python==12.6.*' on JetPack 6.1",
}
"""What to do about an error of CUDA, by its name."""

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
        """True if TensorRT is installed and a driver for an NVIDIA GPU is loaded."""
        return find_spec("tensorrt") is not None and has_nvidia_device()

    def _load(self, model: Path) -> ModelDescription:
        import tensorrt as trt

        settings = self.settings
        self.precision = "fp32" if settings.precision == "fp32" else "fp16"
        with bounded_memory(str(model)):
            graph, description = self._prepare(model)
        self._cudart = cudart = _cuda_runtime()
        try:
            gpu = _check(cudart, cudart.cudaGetDeviceProperties(0)).name
        except RuntimeError as error:  # raised where the driver's library is absent
            raise JetSegError(
                f"CUDA does not start ({error}); install NVIDIA's driver, give a container the GPU (--runtime "
                "nvidia), or choose another backend"
            ) from error
        self._logger = trt.Logger(trt.Logger.WARNING)
        self._runtime = trt.Runtime(self._logger)
        key = {
            "model": model.stem,
            "sha256": hashlib.sha256(graph).hexdigest(),
            "tensorrt": trt.__version__,
            "gpu": gpu.decode(errors="replace"),
            "precision": self.precision,
            "shape": self._shape,
        }
        self._engine = cached_engine(
            engine_folder(settings),
            key,
            lambda: self._build(graph),
            self._runtime.deserialize_cuda_engine,
        )
        self._context = self._engine.create_execution_context()
        self._stream = _check(cudart, cudart.cudaStreamCreate())
        pixels = int(np.prod(self._shape[:3]))
        # Page-locked memory on the host: copies from and to it do not block.
        self._host: dict[str, np.ndarray] = {}
        self._device: dict[str, int] = {}
        for name, shape in (
            ("images", self._shape),
            ("labels", self._shape[:3]),
            ("confidence", self._shape[:3]),
        ):
            size = pixels * 3 if name == "images" else pixels
            address = int(_check(cudart, cudart.cudaMallocHost(size)))
            memory = (ctypes.c_uint8 * size).from_address(address)
            self._host[name] = np.ctypeslib.as_array(memory).reshape(shape)
            self._device[name] = int(_check(cudart, cudart.cudaMalloc(size)))
            self._context.set_tensor_address(name, self._device[name])
        return description

    def _prepare(self, model: Path) -> tuple[bytes, ModelDescription]:
        """The exported graph for one shape in the precision in use, as bytes, and its description."""
        import onnx

        from jetseg_core.deploy.onnx_passes import fix_shape, is_half, to_half

        try:
            graph = onnx.load(model)
        except Exception as error:  # Reading arbitrary bytes can raise anything.
            raise unreadable(model) from error
        properties = {entry.key: entry.value for entry in graph.metadata_props}
        description = self._describe(properties.get(METADATA_KEY), model)
        self._shape = (self.settings.batch, *self.input_size, 3)
        if is_half(graph) and self.precision == "fp32":
            raise JetSegError(
                f"precision: fp32 was asked for, but '{model}' was exported in fp16; choose that, or make it again "
                "with `jetseg export`"
            )
        try:
            graph = fix_shape(graph, self._shape)
        except Exception as error:  # The evaluation of operators raises exceptions of any kind.
            raise JetSegError(
                f"'{model}' cannot be prepared for TensorRT with images of {self._shape} ({error}); make it again "
                "with `jetseg export`"
            ) from error
        if self.precision == "fp16" and not is_half(graph):
            graph = to_half(graph)
        return graph.SerializeToString(), description

    def _build(self, graph: bytes) -> bytes:
        import tensorrt as trt

        builder = trt.Builder(self._logger)
        config = builder.create_builder_config()
        kinds = trt.NetworkDefinitionCreationFlag
        # TensorRT 8 knows networks of both kinds of batch, 10 and later only this one; and from 10 on the graph's
        # types may be binding, in 11 they always are. Before that, half precision has to be allowed, too.
        flags = [name for name in ("EXPLICIT_BATCH", "STRONGLY_TYPED") if hasattr(kinds, name)]
        network = builder.create_network(sum(1 << int(getattr(kinds, name)) for name in flags))
        if self.precision == "fp16" and "STRONGLY_TYPED" not in flags:
            config.set_flag(trt.BuilderFlag.FP16)
        parser = trt.OnnxParser(network, self._logger)
        if not parser.parse(graph):
            reasons = "; ".join(str(parser.get_error(i)) for i in range(parser.num_errors))
            raise JetSegError(f"TensorRT {trt.__version__} cannot read the model: {reasons}")
        engine = builder.build_serialized_network(network, config)
        if engine is None:
            raise JetSegError("TensorRT could not build an engine; its own messages say why")
        return bytes(engine)

    def _infer(self, images: np.ndarray, confidence: bool) -> tuple[np.ndarray, np.ndarray | None]:
        cudart, kinds = self._cudart, self._cudart.cudaMemcpyKind
        names = ("labels", "confidence") if confidence else ("labels",)
        np.copyto(self._host["images"], images)
        self._copy("images", kinds.cudaMemcpyHostToDevice)
        if not self._context.execute_async_v3(int(self._stream)):
            raise JetSegError("TensorRT could not run the engine; its own messages say why")
        for name in names:
            self._copy(name, kinds.cudaMemcpyDeviceToHost)
        _check(cudart, cudart.cudaStreamSynchronize(self._stream))
        results = [self._host[name].copy() for name in names]
        return results[0], results[1] if confidence else None

    def _copy(self, name: str, kind: Any) -> None:
        """Queue a copy of a tensor between host and device."""
        host, device = self._host[name], self._device[name]
        ends = (host.ctypes.data, device)
        if kind == self._cudart.cudaMemcpyKind.cudaMemcpyHostToDevice:
            ends = (device, host.ctypes.data)
        answer = self._cudart.cudaMemcpyAsync(*ends, host.nbytes, kind, self._stream)
        _check(self._cudart, answer)

    def close(self) -> None:
        """Free the GPU's memory and the page-locked memory."""
        cudart = self._cudart
        for name, pointer in self._device.items():
            _check(cudart, cudart.cudaFree(pointer))
            _check(cudart, cudart.cudaFreeHost(self._host.pop(name).ctypes.data))
        self._device.clear()
        _check(cudart, cudart.cudaStreamDestroy(self._stream))


def _cuda_runtime() -> Any:
    """cuda-python's module of the CUDA runtime, under its name of today or that before 12.6."""
    try:
        from cuda.bindings import runtime
    except ImportError:
        from cuda import cudart as runtime
    return runtime


def _check(cudart: Any, answer: tuple) -> Any:
    """The value of a CUDA call, whose answer starts with an error code."""
    error, *values = answer
    if error != cudart.cudaError_t.cudaSuccess:
        name = cudart.cudaGetErrorName(error)[1].decode()
        raise JetSegError(f"CUDA: {name}{ADVICE.get(name, '')}")
    return values[0] if values else None


def engine_folder(settings: RuntimeSettings) -> Path:
    """The folder of kept engines, ``<model>-<hash>.engine``; may not exist yet."""
    return settings.cache_folder() / "tensorrt"


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
