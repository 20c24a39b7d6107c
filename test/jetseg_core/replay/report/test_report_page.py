"""report.html and compare.html in a real browser."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from jetseg_core.replay.compare.compare_command import compare_with_page
from jetseg_core.replay.report.report_maker import make_report
from jetseg_core.replay.report.report_page import save_page
from test.jetseg_core.replay.conftest import SCHEMES, SIZE, WIDTHS, Json, Opened, check_figures


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("device", WIDTHS)
def test_the_page_loads_and_fits(
    browser: Any, replayed: tuple[Path, Json], device: str, scheme: str
) -> None:
    opened = Opened(browser, replayed[0] / "report.html", WIDTHS[device], scheme)
    assert opened.complaints == []
    page = opened.page
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[device]
    broken = page.eval_on_selector_all("img", "all => all.filter(i => !i.naturalWidth).length")
    assert broken == 0 and page.locator("img").count() == 1 + 4 * 6
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, paper[4:-1].split(","))) > 384) is (scheme == "light")
    assert page.locator(".plot svg").count() == 6  # occupancy, of the lane, three curves, histogram


def test_its_numbers_are_those_of_the_json(browser: Any, replayed: tuple[Path, Json]) -> None:
    opened = Opened(browser, replayed[0] / "report.html")
    report = json.loads((replayed[0] / "report.json").read_text())
    assert check_figures(opened, report) > 4 * 11 + 20
    assert {"frames", "miou", "latency_ms.p50", "flicker.overall"} <= opened.figures().keys()


def test_clicking_through_the_frames(browser: Any, replayed: tuple[Path, Json]) -> None:
    opened = Opened(browser, replayed[0] / "report.html")
    page = opened.page

    def now() -> tuple[str, str, str]:
        words = [page.locator(f'[data-now="{name}"]').inner_text() for name in ("frame", "stamp")]
        return words[0], words[1], page.locator(".player img").get_attribute("src")

    first = now()
    assert first[:2] == ("0 (shown: 1 of 9)", "1700000000.123456789 s")
    page.get_by_label("next frame").click()
    second = now()
    assert second[0] == "1 (shown: 2 of 9)" and second[2] != first[2]
    page.get_by_label("previous frame").click()
    assert now() == first
    page.get_by_label("frame", exact=True).press("End")
    assert now()[0] == "8 (shown: 9 of 9)"
    page.locator("[data-series] .plot").first.hover()
    assert "Road" in page.locator(".tip").inner_text()
    assert opened.complaints == []


def test_the_comparison_s_page(browser: Any, replayed: tuple[Path, Json], tmp_path: Path) -> None:
    compare_with_page(str(replayed[0]), str(replayed[0]), tmp_path, gates=["miou<-1"])
    for width in WIDTHS.values():
        opened = Opened(browser, tmp_path / "compare.html", width)
        assert opened.complaints == []
        assert opened.page.evaluate("document.documentElement.scrollWidth") == width
        assert (
            check_figures(opened, json.loads((tmp_path / "compare.json").read_text())) > 2 * 4 * 11
        )
    assert "passed: fail if miou<-1" in opened.page.inner_text("body")


def test_the_video_plays(browser: Any, replayed: tuple[Path, Json]) -> None:
    opened = Opened(browser, replayed[0] / "report.html")
    played = opened.page.locator("video").evaluate(
        """async (video) => {
            const ended = new Promise((resolve) => {
                video.onended = video.onerror = () => resolve(true);
                setTimeout(() => resolve(false), 30000);
            });
            await video.play();
            return {
                ended: await ended, error: video.error && video.error.message, ready: video.readyState,
                size: [video.videoHeight, video.videoWidth], duration: video.duration,
            };
        }"""
    )
    assert played["ended"] and played["error"] is None and played["ready"] >= 2
    assert tuple(played["size"]) == SIZE and played["duration"] == pytest.approx(0.9, abs=0.02)
    assert opened.complaints == []


def test_the_page_does_without_the_video(
    browser: Any, replayed: tuple[Path, Json], tmp_path: Path
) -> None:
    shutil.copy(replayed[0] / "report.html", tmp_path)
    page = Opened(browser, tmp_path / "report.html").page
    page.wait_for_function("!document.querySelector('video')")
    headings = page.locator("h2").all_inner_texts()
    assert "Timeline" in headings and "Video" not in headings


def test_names_are_shown_and_not_run(
    browser: Any, replayed: tuple[Path, Json], tmp_path: Path
) -> None:
    """Names of classes, regions, topics and files come from users: none may end or open an element."""
    evil = "<!--<script>alert(1)</script>'\"&|/"
    folder = tmp_path / "out"
    folder.mkdir()
    for name in ("bag", "frames.jsonl"):
        (folder / name).symlink_to(replayed[0] / name)
    record = json.loads((replayed[0] / "run.json").read_text())
    record["classes"]["names"][3] = record["regions"][0] = record["model"]["name"] = evil
    record["bag"], record["warnings"] = evil, [evil]
    record["cameras"][0]["topic"] = evil
    (folder / "run.json").write_text(json.dumps(record))
    report = make_report(folder)
    save_page(folder, report)
    opened = Opened(browser, folder / "report.html")
    page = opened.page
    assert opened.complaints == []
    assert page.locator("script").count() == 2
    assert page.locator("h1").inner_text() == Path(evil).name
    assert page.locator(".warnings li").inner_text() == evil
    assert page.locator('[data-now="frame"]').inner_text() == "0 (shown: 1 of 9)"
    assert page.locator(".player img").get_attribute("src").startswith("data:image/jpeg")
    for number in range(2):  # of the image, of the region
        page.locator("[data-series] .plot").nth(number).hover()
        assert evil in page.locator(".tip").inner_text()
    assert evil in page.locator(".legend").first.inner_text()
