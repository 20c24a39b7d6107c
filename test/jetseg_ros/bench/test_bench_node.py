"""The node's benchmark: its arithmetic, and one short run of the real thing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from jetseg_ros.bench.driver import Measurement
from jetseg_ros.bench.node_bench import (
    ALL,
    BARE,
    LABEL,
    OVERLOAD,
    Bar,
    Cell,
    compare,
    make_cell,
)

pytestmark = pytest.mark.usefixtures("domain")


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jetseg_ros.bench.bench_node_command", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def cell(
    image: str,
    rate_hz: float,
    configuration: str,
    sent_hz: float,
    labels_hz: float,
    p50_ms: float | None,
    p99_ms: float | None,
    model_ms: float,
    model_hz: float,
) -> Cell:
    labels = 0 if p50_ms is None else 300
    return Cell(
        *(image, rate_hz, configuration, model_ms, model_hz, sent_hz, labels_hz, labels),
        *(p50_ms, p99_ms),
    )


@pytest.mark.slow
def test_a_short_run() -> None:
    """The structure of a report, and figures that follow from others of it; speed itself is not judged here."""
    finished = bench(
        *("--images", "160x120", "--rates", "20", "0", "--seconds", "1", "--size", "64", "96"),
        "--json",
    )
    assert finished.returncode == 0, finished.stderr
    printed = json.loads(finished.stdout)
    assert printed["model_ms"]["160x120"] > 0 and printed["runtime"]
    rows = printed["results"]
    assert rows[0]["configuration"] == OVERLOAD and rows[0]["rate_hz"] > 0
    assert [(row["rate_hz"], row["configuration"]) for row in rows[1:]] == [
        (rate, name) for rate in (20.0, 0.0) for name in (BARE, LABEL, ALL)
    ]
    for row in rows:
        assert row["model_ms"] > 0 and row["model_hz"] > 0
        assert row["labels"] > 0 and row["sent_hz"] > 0 and row["labels_hz"] > 0
        assert 0 < row["p50_ms"] <= row["p99_ms"]
        assert not row["rate_hz"] or row["sent_hz"] < 1.5 * row["rate_hz"]
    age, *_, throughput = printed["bars"]
    assert (age["what"], throughput["what"]) == ("age p99 (ms)", "labels/s")
    sent_hz, model_hz = rows[0]["sent_hz"], 1e3 / rows[0]["model_ms"]
    assert age["limit"] == pytest.approx(2e3 / model_hz + 1e3 / sent_hz, abs=0.1)
    assert age["measured"] == rows[0]["p99_ms"]
    assert age["met"] is (age["measured"] <= age["limit"] if sent_hz > model_hz else None)
    assert throughput["limit"] == pytest.approx(0.85 * rows[5]["model_hz"], abs=0.01)
    assert throughput["measured"] == rows[5]["labels_hz"]


def test_the_figures_of_a_measurement() -> None:
    found = Measurement(sent_hz=40.004, labels_hz=39.996, ages_ms=np.arange(101.0))
    measured = make_cell("640x480", 40.0, LABEL, [10.0, 20.0, 45.0], found)
    # The median time, but the rate of all frames together: three in 75 ms.
    assert (measured.model_ms, measured.model_hz) == (20.0, 40.0)
    assert (measured.sent_hz, measured.labels_hz, measured.labels) == (40.0, 40.0, 101)
    assert (measured.p50_ms, measured.p99_ms) == (50.0, 99.0)
    nothing = make_cell("640x480", 40.0, LABEL, [10.0], Measurement(40.0, 0.0, np.empty(0)))
    assert (nothing.labels, nothing.p50_ms, nothing.p99_ms) == (0, None, None)


@pytest.mark.slow
def test_several_cameras_on_one_node(tmp_path: Path) -> None:
    chart = tmp_path / "cameras.png"
    finished = bench(
        *("--cameras", "1", "2", "--images", "160x120", "--rates", "10", "--seconds", "2"),
        *("--size", "64", "96", "--chart", str(chart), "--json"),
    )
    assert finished.returncode == 0, finished.stderr
    printed = json.loads(finished.stdout)
    assert (printed["image"], printed["rate_hz"]) == ("160x120", 10)
    one, two = printed["results"]
    assert (one["cameras"], two["cameras"]) == (1, 2)
    # Every camera is served: the small network keeps up with both.
    assert one["least_labels_hz"] == one["labels_hz"] > 0
    assert 0 < two["least_labels_hz"] <= two["labels_hz"] / 2 + 0.01  # both are rounded
    assert two["labels_hz"] <= 22
    assert 0 < two["p50_ms"] <= two["p99_ms"]
    assert chart.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--images", "big"], "'big' is not a size; expected width x height"),
        (["--seconds", "0"], "--seconds more than 0"),
        (["--cameras", "0"], "--cameras, the first of --rates and --seconds must be more than 0"),
        (["--checkpoint", "nowhere.pt"], "no checkpoint 'nowhere.pt'"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], reason: str) -> None:
    finished = bench(*arguments)
    assert finished.returncode == 2
    assert finished.stderr.startswith("error: ") and reason in finished.stderr
    assert "Traceback" not in finished.stderr


def test_the_pairs_that_are_compared() -> None:
    size = "960x720"
    cells = [
        cell(size, 100.0, OVERLOAD, 80.0, 45.0, 30.0, 52.5, 20.0, 50.0),
        cell(size, 30.0, BARE, 30.0, 30.0, 4.0, 9.0, 20.0, 50.0),
        cell(size, 30.0, LABEL, 30.0, 30.0, 24.0, 40.0, 20.0, 50.0),
        cell(size, 30.0, ALL, 30.0, 20.0, 99.0, 99.0, 20.0, 50.0),
        cell(size, 60.0, BARE, 60.0, 60.0, 4.0, 9.0, 20.0, 50.0),
        cell(
            size, 60.0, LABEL, 60.0, 45.0, 30.0, 50.0, 20.0, 50.0
        ),  # the model cannot keep up with it
        cell(size, 0.0, BARE, 300.0, 300.0, 5.0, 9.0, 20.0, 50.0),
        cell(size, 0.0, LABEL, 40.0, 40.0, 50.0, 60.0, 20.0, 62.5),  # the machine is faster by now
    ]
    assert compare(cells) == [
        Bar("age p99 (ms)", size, 100.0, 52.5, 52.5, True),  # 2 x 20 + 1000 / 80
        Bar("latency p50 (ms)", size, 30.0, 24.0, 30.0, True),  # 4 + 1.15 x 20 + 3
        Bar("labels/s", size, 0.0, 40.0, 53.12, False),  # 0.85 x 62.5
    ]


@pytest.mark.parametrize(
    ("sent_hz", "p99_ms", "met"),
    [(80.0, 52.6, False), (100.0, 50.0, True), (50.0, 10.0, None), (30.0, 99.0, None)],
)
def test_results_under_overload_do_not_grow_old(
    sent_hz: float, p99_ms: float, met: bool | None
) -> None:
    # Without a camera that outruns the model (50 a second), the figure says nothing.
    (bar,) = compare([cell("960x720", 100.0, OVERLOAD, sent_hz, 45.0, 9.0, p99_ms, 20.0, 50.0)])
    assert bar.met is met


def test_missing_results_are_not_compared() -> None:
    cells = [
        cell("640x480", 200.0, OVERLOAD, 200.0, 0.0, None, None, 10.0, 100.0),
        cell("640x480", 30.0, BARE, 30.0, 0.0, None, None, 10.0, 100.0),
        cell("640x480", 30.0, LABEL, 30.0, 30.0, 20.0, 30.0, 10.0, 100.0),
        cell("640x480", 15.0, LABEL, 15.0, 0.0, None, None, 10.0, 100.0),
    ]
    assert compare(cells) == []
