"""A figure is one entry of a table: report.json, the pages, the summaries and compare have it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from jetseg_core.replay.compare.compare_page import format_comparison, save_comparison_page
from jetseg_core.replay.compare.comparison import compare
from jetseg_core.replay.compare.gate import Gate
from jetseg_core.replay.many.many_page import format_many_report, save_many_page
from jetseg_core.replay.many.many_report import make_many_report
from jetseg_core.replay.many.replay_inputs import ReplayInput
from jetseg_core.replay.many.worker_pool import Outcome
from jetseg_core.replay.report.figures import FIGURES, Figure, ratio
from jetseg_core.replay.report.replay_report import Report, save_report
from jetseg_core.replay.report.report_maker import make_report
from jetseg_core.replay.report.report_page import format_report, save_page
from test.jetseg_core.replay.conftest import Json, log_rows

DOUBT = Figure(
    key="doubt",
    title="Doubt",
    count=lambda row: np.array([row.confidence_sums, row.pixel_counts]),
    overall=lambda counts: 1 - counts[0].sum() / 255 / counts[1].sum(),
    by_class=lambda counts: 1 - ratio(counts[0] / 255, counts[1]),
    note="of a toy figure",
)
SLOWEST = Figure(
    key="slowest",
    title="Slowest frame",
    count=lambda row: np.array(row.latency_ms),
    overall=np.max,
    unit="ms",
    scale=1.0,
    added_up=False,
)


@pytest.fixture
def more_figures() -> Iterator[None]:
    FIGURES.extend([DOUBT, SLOWEST])
    yield
    FIGURES.remove(DOUBT)
    FIGURES.remove(SLOWEST)


@pytest.fixture
def report(more_figures: None, replayed: tuple[Path, Json], tmp_path: Path) -> tuple[Path, Report]:
    """A replay with the new figures, in a folder of its own: ``<out>/drive``."""
    folder = tmp_path / "drive"
    folder.mkdir()
    for file in replayed[0].iterdir():
        if file.name not in ("report.json", "report.html"):
            (folder / file.name).symlink_to(file)
    report = make_report(folder)
    save_report(folder, report)
    save_page(folder, report)
    return folder, report


def test_report_json_has_it(report: tuple[Path, Report]) -> None:
    folder, _ = report
    found = json.loads((folder / "report.json").read_text())
    doubt, sure = found["doubt"], found["confidence"]
    assert doubt["overall"] == pytest.approx(1 - sure["overall"])
    assert doubt["per_class"]["Road"] == pytest.approx(1 - sure["per_class"]["Road"])
    assert found["cameras"][0]["doubt"] == doubt
    assert len(found["cameras"][0]["series"]["doubt"]) == 9
    assert all(0 < frame["doubt"] < 1 for frame in found["timeline"] + found["worst"])
    assert found["slowest"] == pytest.approx(max(row.latency_ms for row in log_rows(folder)))


def test_page_and_summary_have_it(report: tuple[Path, Report]) -> None:
    folder, found = report
    page = (folder / "report.html").read_text()
    assert ">of a toy figure<" in page  # its card
    assert 'data-figure="doubt.overall"' in page and 'data-figure="slowest"' in page
    assert 'data-figure="doubt.per_class.Road"' in page
    assert 'data-now="doubt"' in page and "<h3>Doubt</h3>" in page  # player and chart
    text = format_report(found, folder)
    assert f"Doubt            {DOUBT.text(found.overall(DOUBT))} (of a toy figure)" in text
    assert "Flicker     Doubt" in text  # the columns of the classes


def test_compare_has_it(report: tuple[Path, Report], tmp_path: Path) -> None:
    folder, single = report
    found = compare(folder, folder, [Gate.parse("doubt>1")])
    assert found.figures["doubt"].a == pytest.approx(100 * (single.overall(DOUBT) or 0))
    assert found.figures["doubt.Road"].difference == 0 == found.figures["slowest"].difference
    assert found.gates[0].failed is False
    save_comparison_page(tmp_path, (folder, folder), found)
    page = (tmp_path / "compare.html").read_text()
    assert 'data-figure="figures.doubt.difference"' in page and "<h3>Doubt</h3>" in page
    assert "doubt.Road  " in format_comparison(found)


def test_the_report_over_many_recordings_has_it(report: tuple[Path, Report]) -> None:
    folder, single = report
    out = folder.parent
    bags = [ReplayInput("drive", Path(single.bag)), ReplayInput("lost", Path("lost"))]
    found = make_many_report(out, bags, {"drive": Outcome(complete=True)})
    plain = found.to_dict()
    assert plain["doubt"] == single.to_dict()["doubt"]
    assert plain["bags"][0]["doubt"] == plain["doubt"]["overall"]
    assert plain["bags"][0]["slowest"] == plain["slowest"] and "doubt" not in plain["bags"][1]
    save_many_page(out, found)
    page = (out / "report.html").read_text()
    assert 'data-figure="bags.0.doubt"' in page and 'data-figure="doubt.overall"' in page
    assert DOUBT.text(found.overall(DOUBT)) in format_many_report(found, out)


def test_figures_have_keys_of_their_own() -> None:
    keys = [figure.key for figure in FIGURES] + [
        figure.key_of("Road") for figure in FIGURES if figure.by_class
    ]
    assert len(keys) == len(set(keys))
