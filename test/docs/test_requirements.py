"""requirements/: every version in one place, and torch where it can be left out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

FILES = sorted((Path(__file__).parents[2] / "requirements").glob("*.txt"))


def packages(file: Path) -> list[str]:
    lines = [line.partition("#")[0].strip() for line in file.read_text().splitlines()]
    return [line for line in lines if line]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_version_is_pinned(file: Path) -> None:
    assert packages(file)
    for package in packages(file):
        assert re.fullmatch(r"[\w.-]+==[\w.]+( *;.+)?", package), package


def test_a_torch_that_the_machine_brings_can_be_kept() -> None:
    # `make setup` passes over that file then; any other that asked for torch would replace it.
    naming = [file.name for file in FILES if any(p.startswith("torch==") for p in packages(file))]
    assert naming == ["torch.txt"]
    setup = (FILES[0].parents[1] / "scripts" / "setup.sh").read_text()
    assert re.search(
        r"if brings_torch; then.*?else\s+requirements\+=\(torch\)\s+fi", setup, re.DOTALL
    )


@pytest.mark.network
@pytest.mark.parametrize("python", ["3.10", "3.12"])
def test_every_requirement_has_a_wheel_for_aarch64(python: str, tmp_path: Path) -> None:
    """For JetPack 6 (Ubuntu 22.04, glibc 2.35, Python 3.10) and JetPack 7 (24.04, 3.12)."""
    if not os.environ.get("JETSEG_NETWORK"):
        pytest.skip("asks the package index for a minute or more; set JETSEG_NETWORK=1 to do so")
    machine = {"python_version": python, "platform_machine": "aarch64"}
    wanted = [Requirement(line) for f in FILES if f.stem != "ros-jazzy" for line in packages(f)]
    names = [
        f"{r.name}{r.specifier}" for r in wanted if r.marker is None or r.marker.evaluate(machine)
    ]
    platforms = [f"manylinux_2_{minor}_aarch64" for minor in range(17, 36)] + [
        "manylinux2014_aarch64"
    ]
    command = [
        sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "--no-input",
        "--only-binary=:all:", "--implementation", "cp", f"--python-version={python}",
        f"--target={tmp_path}", *(f"--platform={name}" for name in platforms), *names,
    ]  # fmt: skip
    answer = subprocess.run(command, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert len(re.search(r"Would install (.*)", answer.stdout)[1].split()) == len(names)  # type: ignore[index]
