"""A model of a few bytes that makes a huge tensor is refused in one line, before it takes the memory."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from jetseg_core import memory_bound
from jetseg_core.cli.main import main
from jetseg_core.errors import JetSegError
from jetseg_core.memory_bound import bounded_memory
from jetseg_core.runtime import RuntimeSettings, create_runtime

SIDE = 16_384
"""Of a square of floats: 1 GiB."""
FREE = 600_000_000
"""Bytes that seem to be free."""
REFUSAL = r"wants more than 0\.5 GB of memory"
N = helper.make_node


def constant(name: str, value: Any, kind: type = np.int64) -> NodeProto:
    return N("Constant", [], [name], value=numpy_helper.from_array(np.array(value, kind), name))


ONE = constant("one", [[1]], np.float32)
SHAPE = constant("shape", [SIDE, SIDE])
KINDS = {
    "ConstantOfShape": [SHAPE, N("ConstantOfShape", ["shape"], ["huge"])],
    "Expand": [SHAPE, ONE, N("Expand", ["one", "shape"], ["huge"])],
    "Tile": [SHAPE, ONE, N("Tile", ["one", "shape"], ["huge"])],
    "Range": [
        constant("from", 0), constant("to", SIDE**2), constant("step", 1),
        N("Range", ["from", "to", "step"], ["range"]), N("Cast", ["range"], ["huge"], to=TensorProto.FLOAT),
    ],
    "column and row": [
        constant("column", np.ones((SIDE, 1)), np.float32), constant("row", np.ones((1, SIDE)), np.float32),
        N("Add", ["column", "row"], ["huge"]),
    ],
    "Pad": [constant("ends", [0, 0, SIDE - 1, SIDE - 1]), ONE, N("Pad", ["one", "ends"], ["huge"])],
    "beyond every memory": [constant("shape", [1 << 40]), N("ConstantOfShape", ["shape"], ["huge"])],
}  # fmt: skip


def network(path: Path, kind: str) -> Path:
    """A foreign network, whose scores have a huge tensor's largest value added."""
    weight = numpy_helper.from_array(np.ones((19, 3, 1, 1), np.float32), "weight")
    nodes = [
        *KINDS[kind],
        N("ReduceMax", ["huge"], ["most"], keepdims=0),
        N("Conv", ["image", "weight"], ["plain"]),
        N("Add", ["plain", "most"], ["scores"]),
    ]
    shapes = {"image": (1, 3, 64, 96), "scores": (1, 19, 64, 96)}
    image, scores = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    )
    graph = helper.make_graph(nodes, "g", [image], [scores], [weight])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path
    )
    return path


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_bound, "_free_bytes", lambda: FREE)


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("kind", KINDS)
def test_an_import_is_refused(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, limits = network(tmp_path / "net.onnx", kind), resource.getrlimit(resource.RLIMIT_DATA)
    before = peak_bytes()
    with pytest.raises(SystemExit) as ended:
        main(
            [
                "import",
                str(source),
                "--classes",
                "cityscapes19",
                "--out",
                str(tmp_path / "out.onnx"),
            ]
        )
    lines = capsys.readouterr().err.strip().splitlines()
    assert ended.value.code == 2 and len(lines) == 1
    assert "net.onnx' wants more than 0.5 GB of memory (75 % of what is free)" in lines[0]
    assert not (tmp_path / "out.onnx").exists()
    assert resource.getrlimit(resource.RLIMIT_DATA) == limits
    assert peak_bytes() - before < FREE


@pytest.fixture
def write_model(exported_pair: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Writes an exported model of this project with a huge tensor in it; gives its path."""

    def write(kind: str) -> Path:
        model = onnx.load(exported_pair.with_suffix(".onnx"))
        graph = model.graph
        last = next(node for node in graph.node if "labels" in node.output)
        last.output[list(last.output).index("labels")] = "small"
        graph.node.extend(
            [
                *KINDS[kind],
                N("ReduceMax", ["huge"], ["most"], keepdims=0),
                N("Sub", ["most", "most"], ["nothing"]),
                N("Cast", ["nothing"], ["nothing8"], to=TensorProto.UINT8),
                N("Add", ["small", "nothing8"], ["labels"]),
            ]
        )
        onnx.save(model, tmp_path / "huge.onnx")
        return tmp_path / "huge.onnx"

    return write


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_runtime_refuses_it(kind: str, backend: str, write_model: Callable[[str], Path]) -> None:
    model, before = write_model(kind), peak_bytes()
    with pytest.raises(JetSegError, match=REFUSAL) as raised:
        create_runtime(RuntimeSettings(str(model), backend, input_size=(64, 96)))
    assert "\n" not in str(raised.value)
    assert peak_bytes() - before < FREE


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_a_sound_model_fits(backend: str, exported_pair: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_DATA)
    checkpoint = str(exported_pair.with_suffix(".onnx"))
    runtime = create_runtime(RuntimeSettings(checkpoint, backend, input_size=(64, 96)))
    found = runtime.segment(np.zeros((64, 96, 3), np.uint8), confidence=True)
    assert found.confidence is not None
    assert resource.getrlimit(resource.RLIMIT_DATA) == limits


@pytest.mark.usefixtures("little_memory")
def test_tensorrt_refuses_it_before_the_gpu(
    make_gpu: Callable[[str, str], Any], write_model: Callable[[str], Path]
) -> None:
    make_gpu("10.3", "cuda-bindings 12.8.0")
    with pytest.raises(JetSegError, match=REFUSAL):
        create_runtime(RuntimeSettings(str(write_model("Tile")), "tensorrt", input_size=(64, 96)))


def test_other_errors_pass_and_limits_nest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with pytest.raises(ValueError, match="mine"), bounded_memory("a"):
        outer = resource.getrlimit(resource.RLIMIT_DATA)
        monkeypatch.setattr(memory_bound, "_free_bytes", lambda: 10**15)
        with bounded_memory("b"):
            assert resource.getrlimit(resource.RLIMIT_DATA) == outer
        assert resource.getrlimit(resource.RLIMIT_DATA) == outer != before
        raise ValueError("mine")
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def test_a_container_s_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_bound, "_GROUP", tmp_path)
    free = memory_bound._free_bytes()
    assert 0 < free < 2**60
    (tmp_path / "memory.max").write_text("5000\n")
    (tmp_path / "memory.current").write_text("2000\n")
    (tmp_path / "memory.stat").write_text("anon 1500\nfile 500\nfile_mapped 100\n")
    assert memory_bound._free_bytes() == 3500
    (tmp_path / "memory.max").write_text("max\n")
    assert memory_bound._free_bytes() > 3000
