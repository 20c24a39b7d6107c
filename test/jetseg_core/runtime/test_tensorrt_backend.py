"""The TensorRT backend against stand-ins that have the names of NVIDIA's modules; nothing here runs TensorRT."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest

from jetseg_core.deploy.onnx_passes import to_half
from jetseg_core.errors import JetSegError
from jetseg_core.runtime import RuntimeSettings, create_runtime
from jetseg_core.runtime.model_files import find_model

GENERATIONS = [
    ("8.5", "cuda-python 11.8.3"),
    ("8.6", "cuda-python 12.3.0"),
    ("10.3", "cuda-bindings 12.8.0"),
    ("10.13", "cuda-bindings 12.8.0"),
    ("11", "cuda-bindings 12.8.0"),
]
SIZE = (97, 132)
Street = tuple[np.ndarray, np.ndarray]


def settings(cache: Path, **values: Any) -> RuntimeSettings:
    return RuntimeSettings(
        backend="tensorrt", strict_backend=True, cache_dir=str(cache), input_size=SIZE, **values
    )


@pytest.mark.parametrize(("version", "package"), GENERATIONS)
@pytest.mark.parametrize("precision", ["auto", "fp32"])
def test_every_generation_of_the_api_gives_the_labels_of_onnx_runtime(
    version: str,
    package: str,
    precision: str,
    make_gpu: Callable,
    street: Street,
    tmp_path: Path,
) -> None:
    gpu = make_gpu(version, package)
    runtime = create_runtime(settings(tmp_path, precision=precision))
    assert (runtime.backend, runtime.device) == ("tensorrt", "cuda:0")
    assert runtime.precision == ("fp32" if precision == "fp32" else "fp16")
    (build,) = gpu.builds
    assert build.half == (runtime.precision == "fp16")
    # Where the graph's types bind, nothing else is said of precision; where they do not, half is allowed.
    binding = not version.startswith("8")
    assert [flag.name for flag in build.flags] == (["FP16"] if build.half and not binding else [])
    first = runtime.segment(street[0], confidence=True)
    labels = first.labels.copy()
    runtime.segment(255 - street[0])
    np.testing.assert_array_equal(first.labels, labels)
    reference = create_runtime(
        RuntimeSettings(backend="onnxruntime", precision="fp32", input_size=SIZE)
    ).segment(street[0], confidence=True)
    assert (labels == reference.labels).mean() >= (1 if precision == "fp32" else 0.995)
    assert first.confidence is not None and reference.confidence is not None
    difference = np.abs(first.confidence.astype(int) - reference.confidence)
    assert difference.max() <= (0 if precision == "fp32" else 8)
    runtime.close()
    assert (gpu.memory, gpu.streams) == ({}, 0), "memory or a stream is left on the device"


@pytest.mark.parametrize(("version", "package"), GENERATIONS)
def test_a_kept_engine_is_loaded_and_another_precision_or_size_builds_one(
    version: str, package: str, make_gpu: Callable, tmp_path: Path
) -> None:
    gpu = make_gpu(version, package)
    for _ in range(2):
        create_runtime(settings(tmp_path)).close()
    assert len(gpu.builds) == 1
    create_runtime(settings(tmp_path, precision="fp32")).close()
    create_runtime(settings(tmp_path, batch=2)).close()
    assert len(gpu.builds) == 3


@pytest.mark.parametrize(("version", "package"), GENERATIONS[::4])
def test_a_graph_in_half_precision_runs_as_it_is(
    version: str, package: str, make_gpu: Callable, street: Street, tmp_path: Path
) -> None:
    shipped = find_model("nano_camvid11").exported
    assert shipped is not None
    path = tmp_path / "half.onnx"
    onnx.save(to_half(onnx.load(shipped)), path)
    gpu = make_gpu(version, package)
    runtime = create_runtime(settings(tmp_path, checkpoint=str(path)))
    assert (runtime.precision, gpu.builds[0].half) == ("fp16", True)
    runtime.segment(street[0])
    with pytest.raises(JetSegError, match=r"fp32 was asked for, but .* exported in fp16"):
        create_runtime(settings(tmp_path, checkpoint=str(path), precision="fp32"))


def test_errors_of_the_parser_are_reported(
    make_gpu: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = make_gpu("8.5", "cuda-python 11.8.3")
    monkeypatch.setattr(gpu.reader, "complaints", lambda model, version: ["no such operator"])
    with pytest.raises(JetSegError, match=r"TensorRT 8\.5\.0 cannot read the model: no such op"):
        create_runtime(settings(tmp_path))


def test_errors_of_cuda_are_named(make_gpu: Callable, street: Street, tmp_path: Path) -> None:
    gpu = make_gpu("10.3", "cuda-bindings 12.8.0")
    runtime = create_runtime(settings(tmp_path))
    gpu.fails = True
    with pytest.raises(JetSegError, match="CUDA: cudaErrorMemoryAllocation"):
        runtime.segment(street[0])


def test_a_machine_without_a_driver_is_named(
    make_gpu: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_gpu("10.3", "cuda-bindings 12.8.0")
    import cuda.bindings.runtime as cudart

    def absent(_: int) -> None:  # what cuda-python raises there
        raise RuntimeError("Failed to dlopen libcuda.so.1")

    monkeypatch.setattr(cudart, "cudaGetDeviceProperties", absent)
    with pytest.raises(JetSegError, match=r"CUDA does not start \(Failed to dlopen libcuda"):
        create_runtime(settings(tmp_path))
    # Without a device, it is not what `auto` tries first either.
    assert create_runtime(RuntimeSettings()).backend != "tensorrt"


def test_a_runtime_newer_than_the_driver_is_named_with_the_remedy(
    make_gpu: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On JetPack 6.1, CUDA 12.6, with cuda-python 12.9: github.com/NVlabs/FoundationStereo/issues/209
    make_gpu("10.3", "cuda-bindings 12.8.0")
    import cuda.bindings.runtime as cudart

    older = SimpleNamespace(name="cudaErrorInsufficientDriver")
    monkeypatch.setattr(cudart, "cudaGetDeviceProperties", lambda _: (older, None))
    with pytest.raises(JetSegError, match=r"InsufficientDriver; .*cuda-python==12\.6\.\*'"):
        create_runtime(settings(tmp_path))


def test_a_graph_that_cannot_be_prepared_is_named(
    make_gpu: Callable, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_gpu("10.3", "cuda-bindings 12.8.0")
    shipped = find_model("nano_camvid11").exported
    assert shipped is not None
    model = onnx.load(shipped)
    pad = next(node for node in model.graph.node if node.op_type == "Pad")
    del pad.input[1:]
    path = tmp_path / "older.onnx"
    onnx.save(model, path)
    with caplog.at_level(logging.WARNING), pytest.raises(JetSegError, match="make it again"):
        create_runtime(settings(tmp_path, checkpoint=str(path)))


def test_names_that_a_version_lacks_are_missing(make_gpu: Callable) -> None:
    """The stand-ins are as strict as they have to be."""
    make_gpu("11", "cuda-bindings 12.8.0")
    import tensorrt as trt

    with pytest.raises(AttributeError):
        _ = trt.BuilderFlag.FP16
    with pytest.raises(AttributeError):
        _ = trt.NetworkDefinitionCreationFlag.EXPLICIT_BATCH
    with pytest.raises(ImportError):
        from cuda import cudart  # noqa: F401
    gpu = make_gpu("8.5", "cuda-python 11.8.3")
    import tensorrt as old

    with pytest.raises(ImportError):
        from cuda.bindings import runtime  # noqa: F401
    network = old.Builder(None).create_network(0)
    shipped = find_model("nano_camvid11").exported
    assert shipped is not None and gpu.builds == []
    assert not old.OnnxParser(network, None).parse(shipped.read_bytes())
