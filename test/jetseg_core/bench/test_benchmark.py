"""The benchmark of models: its arithmetic, and runs of JetSeg's and other models."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest

from jetseg_core.bench.machine import Machine, measure_machine
from jetseg_core.bench.model_bench import Subject, time_subjects
from jetseg_core.cli.main import main
from jetseg_core.runtime import RuntimeSettings

MACHINE = Machine("a processor", 2, peak_gflops=100.0, copy_gb_s=10.0)


def subject(run: object, batch: int = 1, macs: int | None = None) -> Subject:
    settings = RuntimeSettings(input_size=(64, 64), batch=batch)
    return Subject("name", "torch", "cpu", "fp32", settings, run, macs, None)  # type: ignore[arg-type]


def bench(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    main(["bench", *arguments, "--frames", "2", "--json"])
    return json.loads(capsys.readouterr().out)


def test_subjects_take_turns_and_the_first_ones_do_not_count() -> None:
    order: list[str] = []
    timings = time_subjects(
        [subject(lambda: order.append("a")), subject(lambda: order.append("b"))], 3
    )
    assert order == ["a", "b"] * 8
    assert [len(timing.milliseconds) for timing in timings] == [3, 3]


def test_rates_and_shares_are_of_a_frame() -> None:
    (timing,) = time_subjects([subject(lambda: time.sleep(0.02), batch=2, macs=10**8)], 5)
    row: dict[str, Any] = timing.to_dict(MACHINE)
    assert row["median_ms"] >= 20
    assert row["rate_hz"] == pytest.approx(2000 / row["median_ms"], rel=0.02)
    # 0.2 GFLOP a frame, on a machine of 100 GFLOP/s.
    assert row["share_of_peak"] == pytest.approx(0.2 * row["rate_hz"] / 100, rel=0.02)
    assert row["frames"] == 10


def test_the_machine_s_peaks_are_of_this_world() -> None:
    machine = measure_machine()
    assert machine.processor
    assert 1 < machine.peak_gflops < 100_000
    assert 0.1 < machine.copy_gb_s < 10_000


def test_every_backend_and_precision_that_runs_here_is_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    printed = bench(capsys, "--size", "64", "96", "--training-form")
    trained = [printed["results"].pop() for _ in range(2)]
    assert [row["model"] for row in trained] == [
        "nano_road11 (training form, channels_last)",
        "nano_road11 (training form)",
    ]
    assert all(row["median_ms"] > 0 for row in trained)
    assert {"torch", "openvino", "onnxruntime"} <= {row["backend"] for row in printed["results"]}
    assert any("tensorrt" in obstacle for obstacle in printed["not_measured"])
    for row in printed["results"]:
        assert {"model", "backend", "precision", "size", "median_ms", "p95_ms"} <= set(row)
        assert row["size"] == [64, 96]
        assert 0 < row["median_ms"] <= row["p95_ms"]
        assert row["macs"] > 0
        assert 0 < row["first_result_s"] < 60
        assert 50 < row["peak_memory_mb"] < 2000
    assert printed["machine"]["peak_gflops"] > 0


def test_untrained_networks_are_compared(
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ["--untrained", "--preset", "agx", "--widths", "24", "48", "--classes", "5"]
    options += ["--backend", "torch", "--size", "64", "64", "--no-start-up"]
    rows = bench(capsys, *options)["results"]
    names = [row["model"] for row in rows]
    assert names == ["agx-c0-paper24-untrained", "agx-c0-paper48-untrained"]


def test_sizes_batches_and_threads_are_varied_and_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chart = tmp_path / "chart.png"
    common = ["--backend", "openvino", "--precision", "fp32", "--no-start-up", "--chart"]
    rows = bench(capsys, *common, str(chart), "--size", "64", "64", "128", "96")["results"]
    assert [row["size"] for row in rows] == [[64, 64], [128, 96]]
    assert cv2.imread(str(chart)).shape[1] > 500
    rows = bench(capsys, *common, str(chart), "--size", "64", "64", "--batch", "1", "3")["results"]
    assert [row["frames"] for row in rows] == [2, 6]


def test_accuracy_is_drawn_against_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chart = tmp_path / "chart.png"
    measured = ["--backend", "openvino", "--precision", "fp32", "--size", "64", "64"]
    names = ["nano_camvid11", "nano_road11"]
    options = [*measured, "--no-start-up", "--checkpoint", *names, "--chart", str(chart)]
    bench(capsys, *options, "--accuracy", "nano_road11=40")
    one = cv2.imread(str(chart))
    bench(capsys, *options, "--accuracy", "nano_road11=40", "nano_camvid11=30")
    assert (cv2.imread(str(chart)) != one).any()


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("nano_road11=140", "accuracy: 'nano_road11=140'; write MODEL=PERCENT"),
        ("nano_road11", "accuracy: 'nano_road11'; write MODEL=PERCENT"),
        ("micro=40", "accuracy: micro is not measured; measured: nano_road11"),
    ],
)
def test_accuracy_of_another_form_is_an_error(
    pair: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--backend", "openvino", "--precision", "fp32", "--size", "64", "64"]
    chart = ["--chart", str(tmp_path / "chart.png")]
    with pytest.raises(SystemExit) as stop:
        main(["bench", *options, "--no-start-up", "--frames", "1", *chart, "--accuracy", pair])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "chart.png").exists()


@pytest.mark.parametrize("shape", [[1, 3, 64, 96], ["n", 64, 96, 3]])
def test_anybody_s_model_runs_beside_ours(
    shape: list, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)
    y = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
    path = tmp_path / "theirs.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)]), path)
    options = ["--backend", "openvino", "--precision", "fp32", "--no-start-up"]
    rows = bench(capsys, *options, "--size", "64", "96", "--against", str(path))["results"]
    assert [row["model"] for row in rows] == ["nano_road11", "theirs"]
    assert rows[1]["macs"] is None
    assert np.isfinite(rows[1]["median_ms"])
