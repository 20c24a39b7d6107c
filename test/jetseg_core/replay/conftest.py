"""Recordings of the generated street, one replay of it that several tests look at, and pages in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer

from jetseg_core.recording.message_fields import COMPRESSED_IMAGE, IMAGE, image_fields, png_fields
from jetseg_core.recording.message_types import bag_types, read_message
from jetseg_core.recording.recording import Recording
from jetseg_core.replay.replay_command import replay_with_report
from jetseg_core.replay.run.frame_log import FrameRow, read_rows
from jetseg_core.replay.run.replay_settings import ReplaySettings, load_run
from jetseg_core.runtime import RuntimeSettings
from jetseg_core.sources import Frame, GeneratorSource

START_NS = 1_700_000_000_123_456_789
PERIOD_NS = 100_000_000
SIZE = (96, 128)
CAMERA, LABELS = "/front/image_raw", "/front/ground_truth"
LANE = "lane: 0.4 0.5, 0.6 0.5, 1 1, 0 1"
WIDTHS = {"desktop": 1280, "phone": 360}
SCHEMES = ("light", "dark")

Make = Callable[[Frame, Any], Any]
"""A message of a frame and a header; None for no message."""
WriteDrive = Callable[..., Path]
Json = dict[str, Any]
"""A report as report.json has it."""


def header(stamp_ns: int) -> Any:
    types = bag_types().types
    time = types["builtin_interfaces/msg/Time"](sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
    return types["std_msgs/msg/Header"](stamp=time, frame_id="front")


def image(pixels: np.ndarray, head: Any) -> Any:
    return bag_types().types[IMAGE](header=head, **image_fields(pixels))


def picture(frame: Frame, head: Any) -> Any:
    return image(frame.image, head)


def truth(frame: Frame, head: Any) -> Any:
    assert frame.labels is not None
    return image(frame.labels, head)


def truth_png(frame: Frame, head: Any) -> Any:
    assert frame.labels is not None
    return bag_types().types[COMPRESSED_IMAGE](header=head, **png_fields(frame.labels))


@pytest.fixture(scope="session")
def street_frames() -> list[Frame]:
    return list(GeneratorSource(frames=9, size=SIZE, seed=2))


@pytest.fixture
def write_drive(tmp_path: Path, street_frames: list[Frame]) -> WriteDrive:
    """Writes a recording of the street with what is made of each frame, by topic; returns its folder."""

    def write(
        topics: dict[str, Make], name: str = "drive", storage: Any = StoragePlugin.MCAP
    ) -> Path:
        return write_bag(tmp_path / name, street_frames, topics, storage)

    return write


def write_bag(folder: Path, frames: list[Frame], topics: dict[str, Make], storage: Any) -> Path:
    with Writer(folder, version=9, storage_plugin=storage) as writer:
        connections: dict[str, Any] = {}
        for index, frame in enumerate(frames):
            stamp = START_NS + index * PERIOD_NS
            for topic, make in topics.items():
                message = make(frame, header(stamp))
                if message is None:
                    continue
                kind = message.__msgtype__
                if topic not in connections:
                    connections[topic] = writer.add_connection(topic, kind, typestore=bag_types())
                data = bag_types().serialize_cdr(message, kind)
                writer.write(connections[topic], stamp + 7_000_000, data)  # recorded 7 ms later
    return folder


def write_fleet(folder: Path, frames: list[Frame]) -> Path:
    """Two drives, one of them in a folder of its own, and one whose file is no recording."""
    topics: dict[str, Make] = {CAMERA: picture, LABELS: truth}
    write_bag(folder / "long", frames, topics, StoragePlugin.MCAP)
    write_bag(folder / "tuesday" / "short", frames[:4], topics, StoragePlugin.SQLITE3)
    (folder / "broken").mkdir()
    (folder / "broken" / "broken_0.mcap").write_bytes(b"no recording")
    return folder


def settings(bag: Path, out: Path, **options: Any) -> ReplaySettings:
    return ReplaySettings(input=bag, out=out, runtime=RuntimeSettings(input_size=SIZE), **options)


@pytest.fixture(scope="session")
def replayed(
    tmp_path_factory: pytest.TempPathFactory, street_frames: list[Frame]
) -> tuple[Path, Json]:
    """The folder and report of a labelled replay with a region; not to be changed."""
    folder = tmp_path_factory.mktemp("replayed")
    topics: dict[str, Make] = {CAMERA: picture, LABELS: truth}
    bag = write_bag(folder / "drive", street_frames, topics, StoragePlugin.MCAP)
    out = folder / "out"
    return out, replay_with_report(settings(bag, out, labels=LABELS, regions=(LANE,))).to_dict()


def log_rows(folder: Path) -> list[FrameRow]:
    """The frame log of a replay."""
    record = load_run(folder)
    assert record is not None
    sizes = (record["cameras"], record["classes"]["names"], record["regions"])
    return list(read_rows(folder, *map(len, sizes)))


STAMPS = [START_NS + index * PERIOD_NS for index in range(9)]


def outputs(folder: Path, topic: str) -> list[Any]:
    with Recording(folder / "bag") as recording:
        return [(read_message(m), m.recorded_ns) for m in recording.messages([topic])]


@pytest.fixture(scope="session")
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
