"""report.html and compare.html in a real browser."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jetseg_ros.replay import compare_with_page
from jetseg_ros.replay.report import Report

WIDTHS = {"desktop": 1280, "phone": 360}
SCHEMES = ("light", "dark")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the package playwright is not installed"
    )
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip("no Chromium on this machine (on Debian: sudo apt install chromium)")
    with playwright.sync_playwright() as started:
        # Without a sandbox, which root and most containers cannot have; the page is our own.
        browser = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """A page opened offline, with whatever it complained about or asked for."""

    def __init__(self, browser: Any, file: Path, width: int = 1280, scheme: str = "light") -> None:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
        )
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._on_request)
        self.page.goto(file.as_uri())

    def _on_request(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            self.complaints.append(request.url)

    def figures(self) -> dict[str, tuple[str, float]]:
        """Text and scale of every number on the page, by its key in the JSON."""
        found = self.page.eval_on_selector_all(
            "[data-figure]",
            "all => all.map(e => [e.dataset.figure, e.textContent, e.dataset.scale])",
        )
        return {key: (text, float(scale or 1)) for key, text, scale in found}


def value_at(data: Any, key: str) -> float | None:
    """The number under a dotted key; names of figures may hold dots themselves."""
    while key:
        if isinstance(data, list):
            head, _, key = key.partition(".")
            data = data[int(head)]
            continue
        head = max((name for name in data if f"{key}.".startswith(f"{name}.")), key=len)
        data, key = data[head], key[len(head) + 1 :]
    return data


def check_figures(opened: Opened, data: Any) -> int:
    figures = opened.figures()
    for key, (text, scale) in figures.items():
        value = value_at(data, key)
        if value is None:
            assert text == "\N{EN DASH}", key
        else:
            digits = len(text.partition(".")[2])
            assert float(text) == pytest.approx(scale * value, abs=0.5001 * 10**-digits), key
    return len(figures)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("device", WIDTHS)
def test_the_page_loads_and_fits(
    browser: Any, replayed: tuple[Path, Report], device: str, scheme: str
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


def test_its_numbers_are_those_of_the_json(browser: Any, replayed: tuple[Path, Report]) -> None:
    opened = Opened(browser, replayed[0] / "report.html")
    report = json.loads((replayed[0] / "report.json").read_text())
    assert check_figures(opened, report) > 4 * 11 + 20
    assert {"frames", "miou", "latency_ms.p50", "flicker.overall"} <= opened.figures().keys()


def test_clicking_through_the_frames(browser: Any, replayed: tuple[Path, Report]) -> None:
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
    page.locator(".plot[data-times]").first.hover()
    assert "Road" in page.locator(".tip").inner_text()
    assert opened.complaints == []


def test_the_comparison_s_page(browser: Any, replayed: tuple[Path, Report], tmp_path: Path) -> None:
    compare_with_page(str(replayed[0]), str(replayed[0]), tmp_path, gates=["miou<-1"])
    for width in WIDTHS.values():
        opened = Opened(browser, tmp_path / "compare.html", width)
        assert opened.complaints == []
        assert opened.page.evaluate("document.documentElement.scrollWidth") == width
        assert (
            check_figures(opened, json.loads((tmp_path / "compare.json").read_text())) > 2 * 4 * 11
        )
    assert "Passed" in opened.page.inner_text("body")
