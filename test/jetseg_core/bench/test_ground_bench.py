"""The benchmark of free space, and its picture."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from jetseg_core.bench.ground_bench import COLORS, SCAN_COLOR, main
from jetseg_core.ground.free_space import FREE, OCCUPIED

SMALL = ["--image", "240x180", "--frames", "3", "--resolution", "0.25"]


def test_times_of_each_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["size"] == [180, 240] and found["cells"] == 40 * 40 and found["samples"] > 100
    for output in ("grid_alone", "grid_and_scan", "everything"):
        assert 0 < found[output]["median_ms"] <= found[output]["p95_ms"]


def test_the_picture_shows_image_grid_and_scan(tmp_path: Path) -> None:
    file = tmp_path / "new" / "ground.png"
    assert main([*SMALL, "--picture", str(file)]) == 0
    picture = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
    assert picture.shape == (180, 240 + 180, 3)
    above = picture[:, 240:].reshape(-1, 3)
    for color in (COLORS[FREE], COLORS[OCCUPIED], SCAN_COLOR):
        assert np.count_nonzero((above == color).all(1)) > 20


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--image", "big"], "--image: 'big' is not a size"),
        (["--frames", "0"], "--frames is 0; expected 1 or more"),
        (["--resolution", "0.0001"], "expected one to 4000000 cells"),
    ],
)
def test_mistakes_end_with_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
