"""The node's benchmark: its arithmetic, and one short run of the real thing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from jetseg_ros.bench_node.bars import ALL, BARE, LABEL, Bar, Cell, compare

pytestmark = pytest.mark.usefixtures("domain")


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jetseg_ros.bench_node", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_a_short_run() -> None:
    finished = bench(
        *("--images", "160x120", "--rates", "20", "0", "--seconds", "1", "--size", "64", "96"),
        "--json",
    )
    assert finished.returncode == 0, finished.stderr
    printed = json.loads(finished.stdout)
    assert printed["model_ms"]["160x120"] > 0 and printed["runtime"]
    rows = printed["results"]
    assert [(row["rate_hz"], row["configuration"]) for row in rows] == [
        (rate, name) for rate in (20.0, 0.0) for name in (BARE, LABEL, ALL)
    ]
    for row in rows:
        assert row["labels"] > 0 and row["sent_hz"] > 0 and row["labels_hz"] > 0
        assert 0 < row["p50_ms"] <= row["p99_ms"]
        assert not row["rate_hz"] or row["sent_hz"] < 1.5 * row["rate_hz"]
    assert [bar["what"] for bar in printed["bars"]][-1] == "labels/s"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--images", "big"], "'big' is no size; expected width x height"),
        (["--seconds", "0"], "--seconds more than 0"),
        (["--checkpoint", "nowhere.pt"], "no checkpoint 'nowhere.pt'"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], reason: str) -> None:
    finished = bench(*arguments)
    assert finished.returncode == 2
    assert finished.stderr.startswith("error: ") and reason in finished.stderr
    assert "Traceback" not in finished.stderr


def test_what_is_compared_with_what() -> None:
    size = "960x720"
    cells = [
        Cell(size, 30.0, BARE, 30.0, 4.0, 9.0),
        Cell(size, 30.0, LABEL, 30.0, 24.0, 40.0),
        Cell(size, 30.0, ALL, 20.0, 99.0, 99.0),
        Cell(size, 100.0, BARE, 100.0, 4.0, 9.0),
        Cell(size, 100.0, LABEL, 45.0, 30.0, 50.0),
        Cell(size, 0.0, BARE, 300.0, 5.0, 9.0),
        Cell(size, 0.0, LABEL, 40.0, 50.0, 60.0),
    ]
    assert compare(cells, {size: 20.0}) == [
        Bar("latency p50 (ms)", size, 30.0, 24.0, 30.0, True),  # 4 + 1.15 x 20 + 3
        Bar("age p99 (ms)", size, 100.0, 50.0, 50.0, True),  # 2 x 20 + 10
        Bar("labels/s", size, 0.0, 40.0, 42.5, False),  # 0.85 x 50
    ]


def test_what_did_not_come_back_is_not_compared() -> None:
    cells = [
        Cell("640x480", 30.0, BARE, 0.0, None, None),
        Cell("640x480", 30.0, LABEL, 30.0, 20.0, 30.0),
        Cell("640x480", 15.0, LABEL, 0.0, None, None),
    ]
    assert compare(cells, {"640x480": 10.0}) == []
