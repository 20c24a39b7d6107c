"""Files and code that the pages name exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "network.md"
ROWS = [
    line
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if re.match(r"\|.*\| `[\w/]+\.py`", line)
]

PAGES = [ROOT / "README.md", ROOT / "models" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_and_path_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [page.parent / link for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)]
    folders = "jetseg_core|jetseg_ros|test|docs|launch|config|msg|models|requirements"
    paths = [
        ROOT / path for path in re.findall(rf"`((?:{folders})/(?:[\w./-]*(?:/|\.\w+))?)[`:]", text)
    ]
    assert [str(path) for path in links + paths if not path.exists()] == []


def test_the_page_has_its_tables() -> None:
    assert len(ROWS) > 50


@pytest.mark.parametrize("row", ROWS)
def test_every_row_names_a_file_and_what_stands_in_it(row: str) -> None:
    places = re.findall(r"`([^`]+)`", row.split("|")[2])
    file = ""
    for place in places:
        if place.endswith(".py"):
            file = (ROOT / "jetseg_core" / place).read_text(encoding="utf-8")
        else:  # A name, or Class.member, in the file before it.
            for name in place.split("."):
                assert re.search(rf"\b{name}\b", file), f"{name} is not in that file"


def test_the_lines_of_python_in_the_readme_run() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGES[0].read_text(encoding="utf-8"), re.DOTALL)
    assert len([line for line in block.splitlines() if line]) == 3
    names: dict[str, Any] = {"image": np.zeros((90, 120, 3), np.uint8)}
    exec(block, names)
    assert names["labels"].shape == (90, 120) and names["labels"].dtype == np.uint8
