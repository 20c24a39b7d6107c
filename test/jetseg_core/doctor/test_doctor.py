"""`jetseg doctor`: its findings, and its advice for each that is not ok."""

from __future__ import annotations

import builtins
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jetseg_core.cli.main import main
from jetseg_core.doctor import Finding, report
from jetseg_core.doctor.core_checks import (
    examine_core,
    examine_inference,
    examine_machine,
    examine_packages,
)
from jetseg_core.runtime import Runtime


def status_of(arguments: list[str]) -> Any:
    with pytest.raises(SystemExit) as ended:
        main(["doctor", *arguments])
    return ended.value.code


def test_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["works"] is True
    findings = {item["name"]: item for item in printed["findings"]}
    assert {"python", "numpy", "cuda", "jetson", "model", "self-test"} <= findings.keys()
    assert {"backend torch", "backend openvino"} <= findings.keys()
    assert "of a generated street right" in findings["self-test"]["found"]
    for item in findings.values():
        assert item["state"] == "ok" or (item["state"] == "warn" and item["mend"])


def test_a_model_that_is_not_there_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(["--checkpoint", "nowhere.pt"]) == 1
    (line,) = (item for item in capsys.readouterr().out.splitlines() if item.startswith("fail"))
    assert "nowhere.pt" in line
    assert " -> " in line


def test_a_model_that_sees_nothing_fails(exported_pair: Path) -> None:
    findings = {item.name: item for item in examine_inference(str(exported_pair))}
    assert findings["self-test"].state == "fail"
    assert "untrained" in findings["self-test"].remedy
    # Of the backends one at a time nothing is needed but the default.
    assert findings["backend torch"].state == "warn"


def test_a_backend_that_loads_but_does_not_run_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_memory(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(Runtime, "segment", out_of_memory)
    findings = {item.name: item for item in examine_inference("nano_road11")}
    assert findings["self-test"].state == "fail"
    assert "CUDA out of memory" in findings["self-test"].found


def test_a_missing_package_is_named_and_ends_the_examination(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = builtins.__import__
    monkeypatch.delitem(sys.modules, "yaml")

    def without_yaml(name: str, *rest: Any, **named: Any) -> Any:
        if name == "yaml":
            raise ModuleNotFoundError("No module named 'yaml'")
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without_yaml)
    monkeypatch.setattr("importlib.import_module", lambda name: without_yaml(name))
    findings = list(examine_core("nano_road11"))
    (failed,) = (item for item in findings if item.state == "fail")
    assert failed.name == "yaml"
    assert "pyyaml" in failed.remedy
    assert not [item for item in findings if item.name == "self-test"]


def test_an_optional_package_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rosbags", None)  # as if not installed
    (warned,) = (item for item in examine_packages() if item.state == "warn")
    assert warned.name == "rosbags"
    assert "recordings" in warned.remedy


def test_a_jetson_without_its_rails(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "nv_tegra_release").write_text("# R36 (release), REVISION: 3.0\n")
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "nvhost-gpu").touch()
    findings = {item.name: item for item in examine_machine(tmp_path)}
    assert findings["jetson"].found == "# R36 (release), REVISION: 3.0"
    assert findings["power rails"].state == "warn"
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        assert findings["cuda"].state == "warn"
        assert "torch does not see it" in findings["cuda"].found


def test_lines_and_status(capsys: pytest.CaptureFixture[str]) -> None:
    fine, bad = Finding("a", "ok", "is so"), Finding("b", "fail", "is not", "do this")
    assert report([fine], as_json=False) == 0
    assert report([fine, Finding("c", "warn", "may bite", "do that")], as_json=False) == 0
    assert report([bad, fine], as_json=False) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    assert lines[3].split() == ["fail", "b", "is", "not", "->", "do", "this"]


TOY = """
from jetseg_core.doctor import Finding

def examine(checkpoint):
    yield Finding("toy", "ok", f"tried with {checkpoint}")
"""


def install(folder: Path, name: str, entry: str) -> None:
    """The metadata that pip writes for a package with a check."""
    info = folder / f"{name}-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[jetseg.doctor_checks]\n{entry}\n")


def test_a_package_adds_a_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "toy_checks.py").write_text(TOY)
    install(tmp_path, "toy", "toy = toy_checks:examine\nbroken = toy_checks:absent")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    # As rosidl installs messages under their package's name, before what pip installed.
    install(tmp_path / "messages", "toy", "")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "messages"), prepend=":")
    command = [sys.executable, "-m", "jetseg_core.cli.main", "doctor", "--checkpoint", "no.pt"]
    finished = subprocess.run([*command, "--json"], capture_output=True, text=True)
    findings = {item["name"]: item for item in json.loads(finished.stdout)["findings"]}
    assert findings["toy"]["found"] == "tried with no.pt"
    assert findings["broken checks"]["state"] == "warn" and findings["broken checks"]["mend"]
