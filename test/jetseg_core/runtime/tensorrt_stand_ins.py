"""Stand-ins of `tensorrt` and cuda-python that have the names of NVIDIA's modules, by version, and no others.

They compute with ONNX Runtime on the CPU what an engine would. Copies and executions wait until their stream is
synchronised, so a result that is read too early is wrong. A name that NVIDIA's module has not is an AttributeError.
"""

from __future__ import annotations

import ctypes
import enum
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto

API: dict[str, Any] = json.loads(
    Path(__file__).with_name("tensorrt_api.json").read_text(encoding="utf-8")
)
UNLIKE = {"8.5": "8.5", "8.6": "8.6"}
"""The version of onnx-tensorrt's tables to read graphs by; 10.1 for all others, the newest known."""


@dataclass
class Gpu:
    """The state behind the stand-ins."""

    version: str
    reader: ModuleType
    memory: dict[int, Any] = field(default_factory=dict)
    """Living allocations, of host and device, by address."""
    queue: list[Callable[[], object]] = field(default_factory=list)
    """Work that waits for the stream."""
    streams: int = 0
    builds: list[SimpleNamespace] = field(default_factory=list)
    """One for each engine that was built."""
    fails: bool = False
    """Every call of the CUDA runtime ends with an error."""

    def allocate(self, size: int) -> int:
        block = (ctypes.c_uint8 * size)()
        address = ctypes.addressof(block)
        self.memory[address] = block
        return address

    def synchronise(self) -> None:
        for step in self.queue:
            step()
        self.queue.clear()


def _class(gpu: Gpu, name: str, **behaviour: Any) -> type:
    """A class with exactly the names of the API; those without a behaviour cannot be used."""
    known = API["tensorrt"][gpu.version][name].split()
    assert set(known) >= {n for n in behaviour if not n.startswith("__")} - {"init"}, (
        name,
        behaviour,
    )

    def unused(attribute: str) -> property:
        return property(lambda _: pytest.fail(f"{name}.{attribute}: no stand-in"))

    return type(name, (), {n: unused(n) for n in known} | behaviour)


def _enumeration(gpu: Gpu, name: str) -> enum.IntEnum:
    return enum.IntEnum(name, API["tensorrt"][gpu.version][name].split(), start=0)  # type: ignore[return-value]


def make_tensorrt(gpu: Gpu) -> ModuleType:
    """The module, as it is in `gpu.version`."""
    trt: Any = ModuleType("tensorrt")
    trt.__spec__ = ModuleSpec("tensorrt", None)
    trt.__version__ = {"11": "11.1.0"}.get(gpu.version, f"{gpu.version}.0")
    flags = trt.BuilderFlag = _enumeration(gpu, "BuilderFlag")
    kinds = trt.NetworkDefinitionCreationFlag = _enumeration(gpu, "NetworkDefinitionCreationFlag")
    explicit, typed = (getattr(kinds, name, None) for name in ("EXPLICIT_BATCH", "STRONGLY_TYPED"))
    legacy = gpu.version.startswith("8")

    def create_network(_: Any, bits: int = 0) -> SimpleNamespace:
        names = [kind for kind in kinds if bits >> kind & 1]  # type: ignore[attr-defined]
        assert bits >> len(list(kinds)) == 0, "bits without a meaning"  # type: ignore[call-overload]
        return SimpleNamespace(explicit=explicit in names or not legacy, typed=typed in names)

    def parse(parser: Any, data: bytes) -> bool:
        assert isinstance(data, bytes)
        parser.network.graph = model = onnx.load_from_string(data)
        table = UNLIKE.get(gpu.version, "10.1")
        parser.errors = gpu.reader.complaints(model, table)
        if not parser.network.explicit:
            parser.errors.append("only networks with an explicit batch can be parsed")
        return not parser.errors

    def build(_: Any, network: Any, config: Any) -> bytearray | None:
        half = any(t.data_type == TensorProto.FLOAT16 for t in network.graph.graph.initializer)
        binding = network.typed or gpu.version == "11"
        allowed = binding or getattr(flags, "FP16", None) in config.chosen
        gpu.builds.append(SimpleNamespace(network=network, flags=config.chosen, half=half))
        # An engine is read as a buffer.
        return bytearray(b"engine" + network.graph.SerializeToString()) if allowed >= half else None

    trt.Logger = _class(gpu, "Logger", __init__=lambda self, level: None, WARNING=2)
    trt.IBuilderConfig = _class(
        gpu, "IBuilderConfig", set_flag=lambda self, flag: self.chosen.append(flag)
    )

    def create_config(_: Any) -> Any:
        config = trt.IBuilderConfig()
        config.chosen = []
        return config

    trt.Builder = _class(
        gpu,
        "Builder",
        __init__=lambda self, logger: None,
        create_network=create_network,
        create_builder_config=create_config,
        build_serialized_network=build,
    )

    def begin_parsing(self: Any, network: Any, logger: Any) -> None:
        self.network = network

    trt.OnnxParser = _class(
        gpu,
        "OnnxParser",
        __init__=begin_parsing,
        parse=parse,
        num_errors=property(lambda self: len(self.errors)),
        get_error=lambda self, index: self.errors[index],
    )

    def set_address(self: Any, name: str, address: int) -> bool:
        assert type(address) is int and address in gpu.memory, "no address on the device"
        self.addresses[name] = address
        return True

    def execute(self: Any, stream: int) -> bool:
        assert type(stream) is int, "the handle of a stream is a number"
        gpu.queue.append(lambda: run(self))
        return True

    def run(self: Any) -> None:
        shape = [d.dim_value for d in self.graph.graph.input[0].type.tensor_type.shape.dim]
        images = np.frombuffer(gpu.memory[self.addresses["images"]], np.uint8).reshape(shape)
        session = ort.InferenceSession(self.graph.SerializeToString())
        for name in ("labels", "confidence"):
            (result,) = session.run([name], {"images": images})
            block = gpu.memory[self.addresses[name]]
            ctypes.memmove(block, result.tobytes(), result.nbytes)

    trt.IExecutionContext = _class(
        gpu, "IExecutionContext", set_tensor_address=set_address, execute_async_v3=execute
    )

    def create_context(self: Any) -> Any:
        context = trt.IExecutionContext()
        context.graph, context.addresses = self.graph, {}
        return context

    trt.ICudaEngine = _class(gpu, "ICudaEngine", create_execution_context=create_context)

    def deserialise(_: Any, data: bytes) -> Any:
        if not data.startswith(b"engine"):
            return None
        engine = trt.ICudaEngine()
        engine.graph = onnx.load_from_string(data.removeprefix(b"engine"))
        return engine

    trt.Runtime = _class(
        gpu,
        "Runtime",
        __init__=lambda self, logger: None,
        deserialize_cuda_engine=deserialise,
    )
    return trt


def make_cuda(gpu: Gpu, package: str) -> dict[str, ModuleType]:
    """The modules of cuda-python under which the CUDA runtime is found, by name."""
    facts = API["cuda"][package]
    runtime: Any = ModuleType(facts["module"])

    class errors(enum.Enum):  # noqa: N801 - cudaError_t
        cudaSuccess = 0  # noqa: N815
        cudaErrorMemoryAllocation = 2  # noqa: N815

    class kinds(enum.Enum):  # noqa: N801 - cudaMemcpyKind
        cudaMemcpyHostToDevice = 1  # noqa: N815
        cudaMemcpyDeviceToHost = 2  # noqa: N815

    class Stream:
        def __int__(self) -> int:
            return 7

    def stream_create() -> Stream:
        gpu.streams += 1
        return Stream()

    def copy(to: int, source: int, size: int, kind: Any, stream: Any) -> None:
        assert isinstance(kind, kinds) and isinstance(stream, Stream)
        assert {to, source} <= set(gpu.memory), "memory that was not allocated"
        gpu.queue.append(lambda: ctypes.memmove(to, source, size))

    def destroy(stream: Any) -> None:
        gpu.streams -= 1

    behaviour: dict[str, Callable[..., object]] = {
        "cudaGetDeviceProperties": lambda _: SimpleNamespace(name=b"Orin"),
        "cudaStreamCreate": stream_create,
        "cudaStreamSynchronize": lambda _: gpu.synchronise(),
        "cudaStreamDestroy": destroy,
        "cudaMalloc": gpu.allocate,
        "cudaMallocHost": gpu.allocate,
        "cudaFree": gpu.memory.pop,
        "cudaFreeHost": gpu.memory.pop,
        "cudaMemcpyAsync": copy,
    }

    def answering(call: Callable[..., object], returns: bool) -> Callable[..., tuple]:
        def answer(*arguments: object) -> tuple:
            if gpu.fails:
                return (errors["cudaErrorMemoryAllocation"], *([None] if returns else []))
            value = call(*arguments)
            return (errors["cudaSuccess"], value) if returns else (errors["cudaSuccess"],)

        return answer

    for name, call in behaviour.items():
        assert name in facts["names"].split()
        returns = name.startswith(("cudaGet", "cudaStreamCreate", "cudaMalloc"))
        setattr(runtime, name, answering(call, returns))
    runtime.cudaError_t, runtime.cudaMemcpyKind = errors, kinds
    runtime.cudaGetErrorName = lambda error: (errors["cudaSuccess"], error.name.encode())
    cuda: Any = ModuleType("cuda")
    cuda.__path__ = []
    cuda.__spec__ = ModuleSpec("cuda", None, is_package=True)
    if facts["module"] == "cuda.cudart":
        cuda.cudart = runtime
        return {"cuda": cuda, "cuda.cudart": runtime}
    bindings: Any = ModuleType("cuda.bindings")
    bindings.__path__ = []
    bindings.runtime = runtime
    cuda.bindings = bindings
    return {"cuda": cuda, "cuda.bindings": bindings, "cuda.bindings.runtime": runtime}


def install(version: str, package: str, reader: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Gpu:
    """Put the stand-ins of a version of TensorRT and one of cuda-python in the place of the modules."""
    gpu = Gpu(version, reader)
    for name in [n for n in sys.modules if n.partition(".")[0] in ("cuda", "tensorrt")]:
        monkeypatch.delitem(sys.modules, name)
    modules = {"tensorrt": make_tensorrt(gpu)} | make_cuda(gpu, package)
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return gpu
