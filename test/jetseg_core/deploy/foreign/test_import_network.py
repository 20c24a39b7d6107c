"""Foreign networks give the labels here that they give with pre- and post-processing by hand."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from jetseg_core.classes import CITYSCAPES19, CLASS_SETS, UNLABELLED
from jetseg_core.cli.main import main
from jetseg_core.errors import JetSegError
from jetseg_core.runtime import RuntimeSettings, create_runtime
from jetseg_core.runtime.geometry import letterbox

MEAN, STD = np.array((0.485, 0.456, 0.406)), np.array((0.229, 0.224, 0.225))
BACKENDS = ("openvino", "onnxruntime")


def bring(source: Path, *options: str, classes: str = "cityscapes19") -> Path:
    out = source.with_name("imported.onnx")
    main(["import", str(source), "--classes", classes, "--out", str(out), *options])
    return out


def refusal(
    capsys: pytest.CaptureFixture[str], source: Path, *options: str, classes: str = "cityscapes19"
) -> str:
    """The one line with which an import ends."""
    with pytest.raises(SystemExit) as ended:
        bring(source, *options, classes=classes)
    lines = capsys.readouterr().err.strip().splitlines()
    assert ended.value.code == 2 and len(lines) == 1
    assert not source.with_name("imported.onnx").exists()
    return lines[0]


Fields = dict[str, Any]
"""Fields of `Form` in conftest.py."""
FORMS = {
    "stride 1": dict(stride=1),
    "stride 2": dict(stride=2),
    "stride 4": {},
    "stride 8": dict(stride=8),
    "stride 32": dict(stride=32),
    "its own up-sampling": dict(full_size=True),
    "NHWC": dict(nhwc=True),
    "fixed": dict(dynamic=False),
    "fixed NHWC, stride 8": dict(dynamic=False, nhwc=True, stride=8),
    "fixed odd size": dict(dynamic=False, stride=8, size=(97, 131)),
    "float16": dict(half=True),
    "float16, fixed": dict(half=True, dynamic=False, full_size=True),
    "probabilities": dict(probabilities=True),
    "ids at stride 1": dict(ids=True, stride=1),
    "ids at stride 4": dict(ids=True),
    "ids of up-sampled scores": dict(ids=True, full_size=True),
    "ids of a fixed size": dict(ids=True, stride=8, dynamic=False),
    "BGR": dict(bgr=True),
    "auxiliary output": dict(auxiliary=True),
}


@pytest.mark.parametrize("fields", FORMS.values(), ids=FORMS.keys())
def test_labels_are_those_of_the_plain_network(
    write_network: Any, fields: Fields, tmp_path: Path, street: tuple[np.ndarray, np.ndarray]
) -> None:
    network = write_network(tmp_path / "net.onnx", **fields)
    form = network.form
    options = ["--bgr"] if form.bgr else []
    options += ["--output", "main"] if form.auxiliary else []
    model = bring(tmp_path / "net.onnx", *options)
    # Frame and input are of sizes that no stride divides; a network of a fixed size keeps its own.
    asked = (203, 331) if form.dynamic else RuntimeSettings.input_size
    size = asked if form.dynamic else form.size
    frame = street[0][5:, :301]
    view = letterbox((frame.shape[0], frame.shape[1]), size)
    labels, confidence = network.expect(view.render(frame), MEAN, STD)
    seen = view.shown.slices
    assert len(np.unique(labels[seen])) > 3  # or equality would say little
    for backend in BACKENDS:
        settings = RuntimeSettings(
            checkpoint=str(model), backend=backend, strict_backend=True, precision="fp32",
            input_size=asked, resize="letterbox",
        )  # fmt: skip
        runtime = create_runtime(settings)
        assert runtime.input_size == size
        found = runtime.segment(frame, size="network", confidence=True)
        assert (found.labels[seen] == labels[seen]).mean() >= 0.999
        assert found.confidence is not None
        off = np.abs(found.confidence[seen].astype(int) - confidence[seen])
        assert form.ids or np.quantile(off, 0.99) <= (2 if form.half else 1)
        assert (found.confidence[seen] == 255).all() == form.ids


def test_a_size_given_is_computed_ahead(write_network: Any, tmp_path: Path) -> None:
    write_network(tmp_path / "net.onnx", stride=8)
    model = onnx.load(bring(tmp_path / "net.onnx", "--size", "104", "200"))
    kinds = {node.op_type for node in model.graph.node}
    assert not kinds & {"Shape", "Range", "Slice", "Floor"}
    dimensions = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
    assert dimensions == [1, 104, 200, 3]


@pytest.mark.parametrize("size", [(), ("--size", "104", "200")], ids=["any size", "fixed"])
def test_the_ends_added_here_are_read_by_every_tensorrt(
    write_network: Any, size: tuple[str, ...], tmp_path: Path, tensorrt_reader: ModuleType
) -> None:
    write_network(tmp_path / "net.onnx", stride=8)
    model = onnx.load(bring(tmp_path / "net.onnx", *size))
    for version in tensorrt_reader.VERSIONS:
        assert tensorrt_reader.complaints(model, version) == []


def test_class_channels_never_exist_at_the_full_size(write_network: Any, tmp_path: Path) -> None:
    write_network(tmp_path / "net.onnx", stride=8, full_size=True, dynamic=False)
    model = onnx.load(bring(tmp_path / "net.onnx"))
    shapes = onnx.shape_inference.infer_shapes(model).graph.value_info
    sizes = [np.prod([d.dim_value for d in value.type.tensor_type.shape.dim]) for value in shapes]
    full = 19 * 96 * 128
    assert len(sizes) > 20 and max(sizes) <= max(full // 8, 12 * 96 * 128 // 64, 3 * 96 * 128)


@pytest.mark.parametrize(
    ("options", "mean", "std"),
    [
        (["--scale", "1/255"], (0, 0, 0), (1, 1, 1)),
        (["--scale", "1"], (0, 0, 0), (1 / 255,) * 3),
        (["--mean", "0.5", "0.4", "0.3", "--std", "0.5", "0.6", "0.7"], (0.5, 0.4, 0.3), (0.5, 0.6, 0.7)),
        (["--mean", "127.5", "102", "76.5", "--std", "127.5", "153", "178.5"], (0.5, 0.4, 0.3), (0.5, 0.6, 0.7)),
        (["--mean", "0", "0", "0", "--std", "1", "1", "1"], (0, 0, 0), (1, 1, 1)),
        (["--mean", "123", "117", "104", "--std", "1", "1", "1"], (123 / 255, 117 / 255, 104 / 255), (1 / 255,) * 3),
    ],
)  # fmt: skip
def test_pixel_values_of_either_unit(
    write_network: Any, options: list[str], mean: tuple[float], std: tuple[float], tmp_path: Path,
    street: tuple[np.ndarray, np.ndarray],
) -> None:  # fmt: skip
    network = write_network(tmp_path / "net.onnx", bgr=True)
    model = bring(tmp_path / "net.onnx", "--bgr", *options)
    runtime = create_runtime(RuntimeSettings(checkpoint=str(model), backend="onnxruntime"))
    found = runtime.segment(street[0]).labels
    expected, _ = network.expect(street[0], np.array(mean, float), np.array(std, float))
    assert (found == expected).mean() >= 0.999


def test_classes_that_are_ignored_become_unlabelled(
    write_network: Any, tmp_path: Path, street: tuple[np.ndarray, np.ndarray]
) -> None:
    network = write_network(tmp_path / "net.onnx", channels=21)
    expected, _ = network.expect(street[0], MEAN, STD)
    most = int(np.bincount(expected.ravel()).argmax())
    name = CLASS_SETS["pascal21"].names[most]
    by_name = create_runtime(
        RuntimeSettings(
            checkpoint=str(bring(tmp_path / "net.onnx", "--ignore", name, classes="pascal21"))
        )
    )
    assert name not in by_name.description.classes.names
    assert len(by_name.description.classes) == 20
    found = by_name.segment(street[0]).labels
    shifted = np.where(expected == most, UNLABELLED, expected - (expected > most))
    assert (found == shifted).mean() >= 0.99  # bf16
    by_number = bring(tmp_path / "net.onnx", "--ignore", "0", "20", classes="cityscapes19")
    runtime = create_runtime(RuntimeSettings(checkpoint=str(by_number), backend="onnxruntime"))
    assert runtime.description.classes == CITYSCAPES19
    inner = np.where((expected == 0) | (expected == 20), UNLABELLED, expected - 1)
    assert (runtime.segment(street[0]).labels == inner).mean() >= 0.999


def test_ids_of_another_numbering(
    write_network: Any, tmp_path: Path, street: tuple[np.ndarray, np.ndarray]
) -> None:
    network = write_network(tmp_path / "net.onnx", ids=True, stride=1, channels=34)
    official = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
    model = bring(tmp_path / "net.onnx", "--ids", *map(str, official))
    runtime = create_runtime(RuntimeSettings(checkpoint=str(model), backend="onnxruntime"))
    expected, _ = network.expect(street[0], MEAN, STD)
    table = np.full(256, UNLABELLED)
    table[official] = range(19)
    assert (runtime.segment(street[0]).labels == table[expected]).mean() >= 0.999


def test_findings_and_assumptions_are_printed(
    write_network: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_network(tmp_path / "net.onnx", probabilities=True, stride=8)
    bring(tmp_path / "net.onnx")
    said = capsys.readouterr().out
    for text in (
        "input 'image', float32 NCHW, any size", "output 'main', float32 (1, 19, 45, 60): probabilities",
        "stride 8", "ImageNet's mean", "order RGB", "no softmax", "'cityscapes19' in order",
    ):  # fmt: skip
        assert text in said


REFUSED = {
    "class count": ({}, ["--classes", "pascal21"], r"21 classes of 'pascal21': .*'main' float32 \(1, 19, 90, 120\)"),
    "two outputs": (dict(auxiliary=True), [], "choose one of auxiliary, main with --output"),
    "no such output": ({}, ["--output", "aux"], "--output aux: the network has no such output, but main"),
    "another size": (dict(dynamic=False), ["--size", "64", "64"], "takes 96x128"),
    "wrong layout": ({}, ["--layout", "nhwc"], "no image in the layout nhwc, whose last axis holds 3 colors"),
    "mean alone": ({}, ["--mean", "0", "0", "0"], "--mean and --std belong together"),
    "scale and mean": ({}, ["--scale", "1/255", "--mean", "0", "0", "0"], "give the one or the other"),
    "scale of nothing": ({}, ["--scale", "1/0"], "--scale '1/0': expected a number above 0"),
    "two units": ({}, ["--mean", "123", "117", "104", "--std", ".2", ".2", ".2"], "both in one unit"),
    "zero std": ({}, ["--mean", "0", "0", "0", "--std", "1", "1", "0"], "must be above 0"),
    "unknown class": ({}, ["--ignore", "background"], "--ignore background: not one of the classes"),
    "channel": ({}, ["--ignore", "25"], "--ignore 25: the network would have 20 channels"),
    "ids of scores": ({}, ["--ids", "1", "2"], "--ids is for outputs of class ids"),
    "ids beyond": (dict(ids=True, channels=34, stride=1), [], "give the id of each class in order with --ids"),
    "too few ids": (dict(ids=True), ["--ids", "1", "2"], "2 numbers, 2 of them different; expected .* 19"),
    "ignored ids": (dict(ids=True), ["--ignore", "road"], "--ignore is for outputs of scores"),
}  # fmt: skip


@pytest.mark.parametrize(("form", "options", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_the_error_names_the_option_to_give(
    write_network: Any,
    form: Fields,
    options: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_network(tmp_path / "net.onnx", **form)
    assert re.search(message, refusal(capsys, tmp_path / "net.onnx", *options))


def graph(path: Path, *inputs: onnx.ValueInfoProto) -> Path:
    """A graph that passes its first input on."""
    node = helper.make_node("Identity", [inputs[0].name], ["y"])
    output = onnx.ValueInfoProto(name="y")
    output.type.tensor_type.elem_type = inputs[0].type.tensor_type.elem_type
    model = helper.make_model(
        helper.make_graph([node], "g", list(inputs), [output]),
        opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
    )  # fmt: skip
    onnx.save(model, path)
    return path


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(1, 3, 96, 128), (1, 1)], "has 2 inputs .*'x1' float .*; expected one, an image"),
        ([(1, 512)], r"'x0' float \(1, 512\) is no image; expected"),
        ([None], "has no known rank; expected four axes"),
        ([(1, 3, 96, 3)], "both of its second and last axis .* --layout nchw or --layout nhwc"),
        ([(1, "c", "h", "w")], "neither of its second and last axis .* --layout"),
        ([(8, 3, 96, 128)], "takes 8 images at once; export it for 1"),
        ([(1, 3, 96, "w")], "takes images of 96xany .*; give both with --size"),
    ],
)
def test_inputs_that_are_no_image(
    shapes: list[tuple[int, ...]], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = [
        helper.make_tensor_value_info(f"x{index}", TensorProto.FLOAT, shape)
        for index, shape in enumerate(shapes)
    ]
    assert re.search(message, refusal(capsys, graph(tmp_path / "net.onnx", *inputs)))


def test_files_that_are_no_network(
    write_network: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "net.onnx"
    assert "no file" in refusal(capsys, bad)
    bad.write_bytes(b"no network")
    assert "cannot be read as an ONNX model" in refusal(capsys, bad)
    write_network(bad)
    (tmp_path / "imported.pt").write_bytes(b"")
    assert "taken for its checkpoint" in refusal(capsys, bad)
    (tmp_path / "imported.pt").unlink()
    again = bring(bad)
    again.rename(bad)
    assert "a model of this project already" in refusal(capsys, bad)


def test_neither_importing_nor_running_needs_torch(write_network: Any, tmp_path: Path) -> None:
    write_network(tmp_path / "net.onnx")
    script = (
        "import sys\nsys.modules['torch'] = None\nfrom jetseg_core.cli.main import main\n"
        f"main(['import', {str(tmp_path / 'net.onnx')!r}, '--classes', 'cityscapes19', '--out', "
        f"{str(tmp_path / 'i.onnx')!r}])\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)


def test_another_size_than_the_only_one_is_refused(write_network: Any, tmp_path: Path) -> None:
    write_network(tmp_path / "net.onnx", dynamic=False)
    model = str(bring(tmp_path / "net.onnx"))
    with pytest.raises(JetSegError, match=r"128x128 .* was asked for, but .* takes 96x128 only"):
        create_runtime(RuntimeSettings(checkpoint=model, input_size=(128, 128)))
