"""requirements/: every version in one place, and torch where it can be left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parents[2] / "requirements").glob("*.txt"))


def packages(file: Path) -> list[str]:
    lines = [line.partition("#")[0].strip() for line in file.read_text().splitlines()]
    return [line for line in lines if line]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_version_is_pinned(file: Path) -> None:
    assert packages(file)
    for package in packages(file):
        assert re.fullmatch(r"[\w.-]+==[\w.]+", package), package


def test_a_torch_that_the_machine_brings_can_be_kept() -> None:
    # `make setup` passes over that file then; any other that asked for torch would replace it.
    naming = [file.name for file in FILES if any(p.startswith("torch==") for p in packages(file))]
    assert naming == ["torch.txt"]
    setup = (FILES[0].parents[1] / "scripts" / "setup.sh").read_text()
    assert re.search(
        r"if brings_torch; then.*?else\s+requirements\+=\(torch\)\s+fi", setup, re.DOTALL
    )
