"""Installed packages add checks to `jetseg doctor`, by entry points."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CHECK = """
from jetseg_core.doctor import Finding

def examine(checkpoint):
    yield Finding("toy", "ok", f"tried with {checkpoint}")
"""


def install(folder: Path, name: str, entry: str) -> None:
    """The metadata that pip writes for a package with a check."""
    info = folder / f"{name}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[jetseg.doctor_checks]\n{entry}\n")


def test_a_package_adds_a_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "toy_checks.py").write_text(CHECK)
    install(tmp_path, "toy", "toy = toy_checks:examine\nbroken = toy_checks:absent")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    command = [sys.executable, "-m", "jetseg_core.cli.main", "doctor", "--checkpoint", "no.pt"]
    finished = subprocess.run([*command, "--json"], capture_output=True, text=True)
    findings = {item["name"]: item for item in json.loads(finished.stdout)["findings"]}
    assert findings["toy"]["found"] == "tried with no.pt"
    assert findings["broken checks"]["state"] == "warn" and findings["broken checks"]["mend"]
