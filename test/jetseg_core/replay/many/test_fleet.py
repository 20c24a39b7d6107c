"""Several recordings at the same time, and one report over all of them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin

from jetseg_core.cli.main import main
from jetseg_core.errors import JetSegError
from jetseg_core.evaluation.confusion import ConfusionMatrix
from jetseg_core.replay.many.replay_inputs import find_inputs, is_single
from jetseg_core.replay.many.worker_pool import Outcome, ProcessPool
from jetseg_core.sources import Frame
from test.jetseg_core.replay.conftest import (
    CAMERA,
    LABELS,
    LANE,
    SCHEMES,
    SIZE,
    WIDTHS,
    Json,
    Make,
    Opened,
    check_figures,
    log_rows,
    picture,
    settings,
    truth,
    write_bag,
    write_fleet,
)

TOPICS: dict[str, Make] = {CAMERA: picture, LABELS: truth}
OPTIONS = ["--size", str(SIZE[0]), str(SIZE[1]), "--labels", LABELS, "--region", LANE]


def replay(*arguments: Any) -> int:
    """The exit status of the command."""
    try:
        main(["replay", *map(str, arguments), *OPTIONS])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


@pytest.fixture(scope="module")
def fleet(
    tmp_path_factory: pytest.TempPathFactory, street_frames: list[Frame]
) -> tuple[Path, Json]:
    """The results of a fleet with a damaged recording; not to be changed."""
    folder = tmp_path_factory.mktemp("fleet")
    drives, out = write_fleet(folder / "drives", street_frames), folder / "out"
    assert replay(drives, "--out", out, "--workers", 2) == 1
    return out, json.loads((out / "report.json").read_text())


def test_a_damaged_recording_is_reported_and_stops_no_other(
    fleet: tuple[Path, Json], street_frames: list[Frame], tmp_path: Path, capfd: Any
) -> None:
    out, report = fleet
    status = {bag["name"]: bag["status"] for bag in report["bags"]}
    assert status == {"broken": "failed", "long": "complete", "tuesday/short": "complete"}
    assert report["recordings"] == {
        "complete": 2,
        "interrupted": 0,
        "failed": 1,
        "not begun": 0,
    }
    assert report["complete"] is False
    assert "cannot be read as a rosbag2 recording" in report["bags"][0]["error"]
    assert "cannot be read as a rosbag2 recording" in (out / "report.html").read_text()
    write_fleet(tmp_path / "drives", street_frames)
    for name in ("long", "tuesday"):
        shutil.rmtree(tmp_path / "drives" / name)
    assert replay(tmp_path / "drives", "--out", tmp_path / "out") == 2
    said = capfd.readouterr().err
    assert "jetseg: broken: " in said  # at once, above the bar
    assert "none of 1 recordings could be replayed" in said


def test_figures_are_those_of_all_frames_together(fleet: tuple[Path, Json]) -> None:
    out, report = fleet
    rows = [row for name in ("long", "tuesday/short") for row in log_rows(out / name)]
    assert report["frames"] == len(rows) == 13 == report["labelled_frames"]
    matrix = ConfusionMatrix(11)
    matrix.counts += np.array([row.confusion for row in rows]).sum(axis=0)
    assert report["miou"] == matrix.miou()
    assert report["pixel_accuracy"] == matrix.pixel_accuracy()
    assert report["confusion_matrix"] == matrix.counts[:, :-1].tolist()
    pixels = np.array([row.pixel_counts for row in rows]).sum(axis=0)
    assert list(report["occupancy"].values()) == pytest.approx((pixels / pixels.sum()).tolist())
    in_lane = np.array([row.regions for row in rows]).sum(axis=0)[0]
    assert list(report["region_occupancy"]["lane"].values()) == pytest.approx(
        (in_lane / in_lane.sum()).tolist()
    )
    changed = sum(sum(row.changed) for row in rows if row.changed)
    was = sum(sum(row.was) for row in rows if row.was)
    assert report["flicker"]["overall"] == pytest.approx(changed / was)
    median = np.median([row.latency_ms for row in rows])
    assert report["latency_ms"]["p50"] == pytest.approx(median, abs=1e-3)
    single = json.loads((out / "long" / "report.json").read_text())
    (entry,) = (bag for bag in report["bags"] if bag["name"] == "long")
    assert entry["miou"] == single["miou"] and entry["frames"] == single["frames"] == 9


def test_resuming_does_the_rest(
    fleet: tuple[Path, Json],
    street_frames: list[Frame],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    drives, out = tmp_path / "drives", tmp_path / "out"
    shutil.copytree(fleet[0], out)
    shutil.copytree(fleet[0].parent / "drives", drives)
    for name in ("long", "tuesday/short"):  # made from recordings that were elsewhere
        record = json.loads((out / name / "run.json").read_text())
        (out / name / "run.json").write_text(json.dumps(record | {"bag": str(drives / name)}))
    shutil.rmtree(drives / "broken")
    write_bag(drives / "broken", street_frames[:3], TOPICS, StoragePlugin.MCAP)
    before = (out / "long" / "frames.jsonl").stat().st_mtime_ns
    assert replay(drives, "--out", out, "--resume", "--min-confidence", 0.5) == 2
    assert "differs in 'min_confidence'" in capsys.readouterr().err
    assert replay(drives, "--out", out, "--resume") == 0
    report = json.loads((out / "report.json").read_text())
    assert report["complete"] is True and report["frames"] == 9 + 4 + 3
    assert (out / "long" / "frames.jsonl").stat().st_mtime_ns == before


@pytest.mark.slow
@pytest.mark.parametrize("crew", [("--workers", "2"), ("--ray", "local", "--workers", "2")])
def test_ctrl_c_leaves_results_that_can_be_resumed(
    street_frames: list[Frame], tmp_path: Path, crew: tuple[str, ...]
) -> None:
    if "--ray" in crew:
        pytest.importorskip("ray", reason="the package ray is not installed (pip install ray)")
    drives, out = tmp_path / "drives", tmp_path / "out"
    # Two long ones for the two workers; the third waits.
    for name, times in (("a", 40), ("b", 40), ("c", 1)):
        write_bag(drives / name, street_frames * times, TOPICS, StoragePlugin.MCAP)
    command = [
        sys.executable,
        "-m",
        "jetseg_core.cli.main",
        "replay",
        str(drives),
        "--out",
        str(out),
    ]
    command += [*crew, *OPTIONS]
    # In a group of its own, all of which Ctrl-C reaches.
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    begun = time.monotonic()
    while not list(out.glob("*/bag/bag_0")):
        assert running.poll() is None and time.monotonic() < begun + 120
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 130, said
    assert "go on with the same command and --resume" in said and "Traceback" not in said
    report = json.loads((out / "report.json").read_text())
    assert {bag["status"] for bag in report["bags"]} >= {"interrupted", "not begun"}
    assert 0 < report["frames"] < 360 * 2 and "interrupted" in (out / "report.html").read_text()
    finished = subprocess.run([*command, "--resume"], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    report = json.loads((out / "report.json").read_text())
    assert report["complete"] is True and report["frames"] == 2 * 360 + 9


def test_a_process_that_dies_is_reported(street_frames: list[Frame], tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "drive", street_frames, TOPICS, StoragePlugin.MCAP)
    with ProcessPool(size=1, threads=1) as crew:
        crew.start("drive", settings(bag, tmp_path / "out"))
        (process,) = active_children()
        process.kill()
        news: list[Any] = []
        while not any(isinstance(message, Outcome) for _, message in news):
            news += crew.news()
    name, outcome = news[-1]
    assert name == "drive" and "ended by SIGKILL" in outcome.error


def test_processes_share_the_threads() -> None:
    available = len(os.sched_getaffinity(0))
    assert ProcessPool(size=2, threads=0).threads == max(1, available // 2)
    assert ProcessPool(size=10 * available, threads=0).threads == 1
    assert ProcessPool(size=2, threads=3).threads == 3
    assert ProcessPool(size=1, threads=0).threads == 0


def test_label_images_of_each_recording(
    street_frames: list[Frame], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import cv2

    drives, labels = tmp_path / "drives", tmp_path / "labels"
    for name in ("a", "b"):
        write_bag(drives / name, street_frames[:2], {CAMERA: picture}, StoragePlugin.MCAP)
    command = ["replay", str(drives), "--out", str(tmp_path / "out"), *OPTIONS[:3]]
    labels.mkdir()
    with pytest.raises(SystemExit):
        main([*command, "--labels", str(labels)])
    assert "has no folder of a recording's name (a, ...)" in capsys.readouterr().err
    (labels / "b").mkdir()
    for number, frame in enumerate(street_frames[:2]):
        assert frame.labels is not None
        cv2.imwrite(str(labels / "b" / f"{number}.png"), frame.labels)
    main([*command, "--labels", str(labels), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert [bag["labelled_frames"] for bag in report["bags"]] == [0, 2]
    assert report["labelled_frames"] == 2 and report["bags"][1]["miou"] == report["miou"]


def test_which_recordings_are_found(street_frames: list[Frame], tmp_path: Path) -> None:
    drives = write_fleet(tmp_path / "drives", street_frames[:1])
    (drives / "lost").mkdir()
    (drives / "lost" / "metadata.yaml").touch()
    (drives / "circle").symlink_to(drives)
    (drives / ".hidden").mkdir()
    shutil.copytree(drives / "long", drives / ".hidden" / "long")
    shutil.copytree(drives / "long", drives / "results" / "long" / "bag")
    (drives / "results" / "long" / "run.json").touch()
    names = [bag.name for bag in find_inputs([drives], tmp_path / "out")]
    assert names == ["broken", "long", "lost", "tuesday/short"]
    pair = [drives / "long", drives / "tuesday" / "short", drives / "long"]
    assert [bag.name for bag in find_inputs(pair, tmp_path)] == ["long", "tuesday/short"]
    files = sorted(drives.glob("*/*.mcap"))
    assert [bag.name for bag in find_inputs(files, tmp_path)] == [
        "broken/broken_0.mcap",
        "long/long.mcap",
    ]
    assert [bag.name for bag in find_inputs([drives / "long"], tmp_path)] == ["long"]
    assert is_single([drives / "long"]) and is_single(files[:1]) and not is_single(files)
    assert not is_single([drives]) and not is_single([tmp_path / "nothing"])
    (drives / "stray.db3").touch()
    with pytest.raises(JetSegError, match="name each that is meant"):
        is_single([drives])


def test_a_file_that_is_no_recording_is_reported(
    street_frames: list[Frame], tmp_path: Path
) -> None:
    drives = write_fleet(tmp_path / "drives", street_frames[:1])
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "0.png").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").touch()
    for name, reason in (
        ("nothing", "no such file or folder"),
        ("empty", "neither a recording nor images in it"),
        ("notes.txt", "not a recording"),
    ):
        with pytest.raises(JetSegError, match=reason):
            find_inputs([drives, tmp_path / name], tmp_path / "out")
    with pytest.raises(JetSegError, match="lies in"):
        find_inputs([drives / "long", drives / "long" / "long.mcap"], tmp_path / "out")
    with pytest.raises(JetSegError, match="is where the recordings are"):
        find_inputs([drives], drives)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("device", WIDTHS)
def test_its_page(browser: Any, fleet: tuple[Path, Json], device: str, scheme: str) -> None:
    out, report = fleet
    opened = Opened(browser, out / "report.html", WIDTHS[device], scheme)
    page = opened.page
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTHS[device]
    assert check_figures(opened, report) > 6 * 11
    page.get_by_role("link", name="tuesday/short").click()
    page.wait_for_url("**/tuesday/short/report.html")
    assert page.inner_text("h1") == "short"
    assert opened.complaints == []
