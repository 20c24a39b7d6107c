"""`jetseg export --engine` builds what the node then loads, and doctor says whether it is there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from jetseg_core.cli.main import main
from jetseg_core.doctor.core_checks import examine_tensorrt
from jetseg_core.runtime import RuntimeSettings, create_runtime
from jetseg_core.runtime.model_files import find_model


def test_an_engine_built_ahead_is_the_one_that_is_loaded(
    make_gpu: Callable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shipped = find_model("nano_camvid11").exported
    assert shipped is not None
    model = tmp_path / "mine.onnx"  # without a .pt file beside it, as on a robot
    shutil.copy(shipped, model)
    gpu = make_gpu("10.3", "cuda-bindings 12.8.0")
    checks = {finding.name: finding for finding in examine_tensorrt(str(model))}
    assert "not run on a device" in checks["tensorrt"].found
    assert checks["engine"].remedy == f"jetseg export --checkpoint {model} --engine"
    main(["export", "--checkpoint", str(model), "--engine", "--size", "96", "128"])
    assert "engine for 96x128 (height x width) in fp16" in capsys.readouterr().out
    assert len(gpu.builds) == 1
    assert {f.name: f.state for f in examine_tensorrt(str(model))}["engine"] == "ok"
    create_runtime(RuntimeSettings(str(model), "tensorrt", input_size=(96, 128))).close()
    assert len(gpu.builds) == 1
    assert [file.name for file in tmp_path.glob("mine*")] == ["mine.onnx"]


def test_without_tensorrt_it_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["export", "--checkpoint", "nano_camvid11", "--engine"])
    assert ended.value.code == 2
    assert "tensorrt: the Python package 'tensorrt' is not installed" in capsys.readouterr().err
    assert not list(examine_tensorrt("nano_camvid11"))
