"""The runtimes: they agree with each other, and their errors name the choices."""

from __future__ import annotations

import importlib.util
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from jetseg_core.bench.start_up import measure_start_up
from jetseg_core.errors import JetSegError
from jetseg_core.network.checkpoint import load_checkpoint, save_checkpoint
from jetseg_core.runtime import RuntimeSettings, create_runtime

Street = tuple[np.ndarray, np.ndarray]


@pytest.mark.parametrize("size", [(512, 512), (360, 480), (97, 131)])
@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_backends_agree_in_fp32(backend: str, size: tuple[int, int], street: Street) -> None:
    # With the shipped weights: those of a random network tie all over the picture.
    first, second = (
        create_runtime(
            RuntimeSettings(backend=name, precision="fp32", input_size=size, strict_backend=True)
        ).segment(street[0], confidence=True)
        for name in ("torch", backend)
    )
    assert (first.labels == second.labels).mean() >= 0.999
    assert first.confidence is not None
    assert second.confidence is not None
    assert np.abs(first.confidence.astype(int) - second.confidence).max() <= 2


@pytest.mark.parametrize("backend", ["torch", "openvino", "onnxruntime"])
def test_results_have_the_size_asked_for_and_belong_to_the_caller(
    backend: str, street: Street, exported_pair: Path
) -> None:
    runtime = create_runtime(
        RuntimeSettings(checkpoint=str(exported_pair), backend=backend, input_size=(96, 128))
    )
    image = street[0][:233, :301]
    first = runtime.segment(image)
    assert first.labels.shape == (233, 301)
    assert first.labels.dtype == np.uint8
    assert first.confidence is None
    assert runtime.segment(image, size=(50, 70)).labels.shape == (50, 70)
    kept = first.labels.copy()
    runtime.segment(255 - image)
    np.testing.assert_array_equal(first.labels, kept)
    np.testing.assert_array_equal(runtime.segment(image, confidence=True).labels, kept)
    runtime.close()


@pytest.mark.parametrize("resize", ["letterbox", "crop"])
def test_pixels_outside_the_network_s_view_are_unlabelled(
    resize: str, street: Street, exported_pair: Path
) -> None:
    settings = RuntimeSettings(str(exported_pair), input_size=(96, 128), resize=resize)
    runtime = create_runtime(settings)
    image = street[0][:96]  # 96x480: five times as wide as high, the network's input is 4:3
    seen = runtime.segment(image, confidence=True)
    network = runtime.segment(image, size="network", confidence=True)
    assert seen.confidence is not None
    assert network.confidence is not None
    # 96x128 of the frame are cropped; or 26x128 of the network's input are filled.
    whole, part = (seen, network) if resize == "letterbox" else (network, seen)
    box = (
        (slice(35, 61), slice(0, 128)) if resize == "letterbox" else (slice(None), slice(176, 304))
    )
    assert (whole.labels < 32).all()
    inside = np.zeros(part.labels.shape, bool)
    inside[box] = True
    np.testing.assert_array_equal(part.labels != 255, inside)
    assert part.confidence is not None
    assert (part.confidence[~inside] == 0).all()
    assert (part.confidence[inside] > 0).all()


@pytest.mark.parametrize("backend", ["torch", "openvino", "onnxruntime"])
def test_a_batch_is_segmented_as_its_frames_alone(
    backend: str, street: Street, exported_pair: Path
) -> None:
    alone, together = (
        create_runtime(
            RuntimeSettings(
                str(exported_pair), backend, precision="fp32", input_size=(96, 128), batch=batch
            )
        )
        for batch in (1, 2)
    )
    images = [street[0], street[0][::-1, 40:]]
    found = together.segment_batch(images, confidence=True)
    for image, result in zip(images, found, strict=True):
        expected = alone.segment(image)
        assert result.labels.shape == image.shape[:2]
        assert (result.labels == expected.labels).mean() >= 0.99
    with pytest.raises(JetSegError, match="got 1, but this runtime was made for batches of 2"):
        together.segment(images[0])


def test_concurrent_callers_get_the_same_result(street: Street, exported_pair: Path) -> None:
    # The confidence, too, up to the border: what OpenVINO folds into constants has differed with its streams.
    alone, shared = (
        create_runtime(
            RuntimeSettings(
                str(exported_pair), "openvino", threads=3, input_size=(96, 128), streams=streams
            )
        )
        for streams in (1, 3)
    )
    assert (alone.streams, shared.streams) == (1, 3)
    images = [np.roll(street[0], shift, axis=1) for shift in range(12)]
    with ThreadPoolExecutor(3) as callers:
        found = list(callers.map(lambda image: shared.segment(image, confidence=True), images))
    for image, result in zip(images, found, strict=True):
        expected = alone.segment(image, confidence=True)
        assert result.confidence is not None and expected.confidence is not None
        assert (result.labels == expected.labels).all()
        assert (result.confidence == expected.confidence).all()


def test_labels_at_another_size_are_the_nearest_of_the_network_s(
    street: Street, exported_pair: Path
) -> None:
    runtime = create_runtime(RuntimeSettings(checkpoint=str(exported_pair), input_size=(96, 128)))
    coarse = runtime.segment(street[0], size=(96, 128)).labels
    fine = runtime.segment(street[0], size=(251, 333)).labels
    # A pixel's center, carried over to the coarse grid, lies in exactly one of its cells.
    rows = ((np.arange(251) + 0.5) * 96 / 251).astype(int)
    columns = ((np.arange(333) + 0.5) * 128 / 333).astype(int)
    np.testing.assert_array_equal(fine, coarse[np.ix_(rows, columns)])


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((90, 90), np.uint8),
        np.zeros((90, 90, 4), np.uint8),
        np.zeros((90, 90, 3), np.float32),
        np.zeros((0, 90, 3), np.uint8),
    ],
)
def test_an_image_of_another_form_is_refused(image: np.ndarray, exported_pair: Path) -> None:
    runtime = create_runtime(RuntimeSettings(checkpoint=str(exported_pair), backend="openvino"))
    with pytest.raises(JetSegError, match="expected \\(height, width, 3\\) uint8 RGB"):
        runtime.segment(image)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"backend": "tpu"},
            "backend: 'tpu' is not one of auto, .*onnxruntime, openvino, .*torch",
        ),
        ({"device": "npu"}, "device: 'npu' is not one of"),
        ({"precision": "int3"}, "precision: 'int3' is not one of"),
        ({"precision": "fp16", "backend": "openvino"}, "not available with openvino"),
        ({"precision": "bf16", "backend": "torch"}, "not available with torch"),
        (
            {"precision": "bf16", "backend": "onnxruntime"},
            "not available with onnxruntime .* cpu fp32",
        ),
        ({"backend": "tensorrt", "strict_backend": True}, "'tensorrt' is not installed"),
        ({"batch": 0}, "batch: 0 must be 1 or more"),
        ({"threads": -1}, "threads: -1"),
        ({"input_size": (32, 480)}, "input size: 32x480"),
        ({"checkpoint": "absent"}, "no checkpoint 'absent'"),
        ({"checkpoint": "absent.pt"}, "no checkpoint 'absent.pt'"),
    ],
)
def test_wrong_settings_name_the_field_and_the_choices(
    values: dict[str, object], message: str
) -> None:
    with pytest.raises(JetSegError, match=message):
        create_runtime(RuntimeSettings(**values))  # type: ignore[arg-type]


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_an_exported_form_that_is_none_is_refused(backend: str, tmp_path: Path) -> None:
    import onnx

    garbage = tmp_path / "garbage.onnx"
    garbage.write_bytes(b"not an onnx file")
    with pytest.raises(JetSegError, match="cannot be read as an ONNX model"):
        create_runtime(RuntimeSettings(checkpoint=str(garbage), backend=backend))
    values = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    result = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Relu", ["x"], ["y"])
    foreign = tmp_path / "foreign.onnx"
    onnx.save(
        onnx.helper.make_model(onnx.helper.make_graph([node], "g", [values], [result])), foreign
    )
    with pytest.raises(JetSegError, match="not one of JetSeg's"):
        create_runtime(RuntimeSettings(checkpoint=str(foreign), backend=backend))


def test_a_stale_export_is_refused(exported_pair: Path, tmp_path: Path) -> None:
    old = load_checkpoint(exported_pair)
    path = tmp_path / "changed.pt"
    save_checkpoint(path, old.build(), old.classes, {"epochs": "one more"})
    shutil.copy(exported_pair.with_suffix(".onnx"), path.with_suffix(".onnx"))
    with pytest.raises(JetSegError, match="exported from another checkpoint"):
        create_runtime(RuntimeSettings(checkpoint=str(path), backend="openvino"))


def test_a_missing_backend_is_an_error_or_names_the_one_in_use(
    exported_pair: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "jetseg_core.runtime.selection.find_spec",
        lambda name: None if name == "openvino" else find(name),
    )
    settings = {"checkpoint": str(exported_pair), "backend": "openvino"}
    with pytest.raises(JetSegError, match="'openvino' is not installed"):
        create_runtime(RuntimeSettings(**settings, strict_backend=True))  # type: ignore[arg-type]
    runtime = create_runtime(RuntimeSettings(**settings))  # type: ignore[arg-type]
    assert (runtime.backend, runtime.degraded) == ("onnxruntime", True)
    assert "instead of openvino" in runtime.selection
    automatic = create_runtime(RuntimeSettings(checkpoint=str(exported_pair)))
    assert not automatic.degraded


def test_the_shipped_model_starts_fast_and_small_without_torch() -> None:
    # A generous bound on a busy machine; `jetseg bench` measures.
    measured = measure_start_up(RuntimeSettings(backend="openvino"))
    assert not measured.imports_torch
    assert measured.first_result_s < 60
    assert measured.peak_memory_mb < 350
