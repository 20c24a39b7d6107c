"""docs/contract.md names tests that are there, and leaves no promise without one."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROWS = [
    line
    for line in (ROOT / "docs" / "contract.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not re.match(r"\| (-|promise|topic|fault|\| pitfall)", line)
]


def names_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_the_page_has_its_tables() -> None:
    assert len(ROWS) > 60
    pitfalls = [int(row.split("|")[1]) for row in ROWS if row.split("|")[1].strip().isdecimal()]
    assert pitfalls == list(range(1, 14))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:40])
def test_every_row_names_tests_that_are_there(row: str) -> None:
    named = re.findall(r"`(test/[\w/]+\.py)::(\w+)`", row.split("|")[-2])
    assert named, "a promise without a test"
    assert row.split("|")[-2].count("`") == 2 * len(named)
    for file, test in named:
        assert test.startswith("test_")
        assert test in names_of(ROOT / file), f"{file} has no {test}"
    for keyword in re.findall(r"`-k (\w+)`", row):
        assert any(keyword in test for _, test in named), f"-k {keyword} runs none of them"
