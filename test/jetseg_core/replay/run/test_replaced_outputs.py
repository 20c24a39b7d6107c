"""A replay neither removes nor overwrites what no replay has written."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import cv2
import pytest
from rosbags.rosbag2 import StoragePlugin

from jetseg_core.cli.main import main
from jetseg_core.replay.run import job
from jetseg_core.sources import Frame
from test.jetseg_core.replay.conftest import CAMERA, SIZE, Json, Make, picture, write_bag

TOPICS: dict[str, Make] = {CAMERA: picture}
FAKE = '{"bag": "", "cameras": [{}], "complete": true}'
OPTIONS = ["--size", str(SIZE[0]), str(SIZE[1])]


@pytest.fixture
def drive(tmp_path: Path, street_frames: list[Frame], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recording in a folder of its own, which is the current one; ``link`` is another name of it."""
    folder = write_bag(tmp_path / "d" / "bag", street_frames[:2], TOPICS, StoragePlugin.MCAP)
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(folder.parent)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def replay(*arguments: Any) -> None:
    main(["replay", *map(str, arguments), *OPTIONS])


def refused(capsys: pytest.CaptureFixture[str], *arguments: Any) -> str:
    """The one line that the command prints."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main([*map(str, arguments), *OPTIONS])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.count("\n") == 1, said
    return said


@pytest.mark.parametrize(
    ("bag", "out", "how"),
    [
        ("bag", ".", "holds"),
        ("bag", "..", "holds"),
        ("bag", "bag", "is"),
        ("bag", "bag/out", "lies in"),
        ("bag", "../link/out", "lies in"),
        ("../link", "../d/bag", "is"),
        ("../link", "../d", "holds"),
        ("bag/bag.mcap", "bag/out", "lies in"),  # one of the recording's files
        ("../loose.mcap", "..", "holds"),
    ],
)
def test_results_lie_apart_from_the_recording(
    drive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], bag: str, out: str, how: str
) -> None:
    shutil.copy(drive / "bag.mcap", tmp_path / "loose.mcap")
    before = contents(tmp_path)
    assert f"{out}: {how} " in refused(capsys, "replay", bag, "--out", out)
    assert f"{out}: {how} " in refused(capsys, "replay", bag, "--out", out, "--overwrite")
    assert contents(tmp_path) == before


def test_a_link_in_the_way_to_a_recording_s_file(
    drive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "disk").mkdir()
    shutil.move(drive / "bag.mcap", tmp_path / "disk")
    (drive / "bag.mcap").symlink_to(tmp_path / "disk" / "bag.mcap")
    assert "disk: holds bag" in refused(capsys, "replay", "bag", "--out", tmp_path / "disk")


def test_results_lie_apart_from_label_images(
    drive: Path, tmp_path: Path, street_frames: list[Frame], capsys: pytest.CaptureFixture[str]
) -> None:
    labels = tmp_path / "labels"
    labels.mkdir()
    for number, frame in enumerate(street_frames[:2]):
        assert frame.labels is not None
        cv2.imwrite(str(labels / f"{number}.png"), frame.labels)
    for out in (labels, labels / "out", tmp_path):
        said = refused(capsys, "replay", "bag", "--labels", labels, "--out", out)
        assert "which is read" in said


@pytest.mark.parametrize("name", ["frames.jsonl", "overlay.mp4", "report.json", "report.html"])
def test_others_files_and_links_stay(
    drive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    out, thesis = tmp_path / "e", tmp_path / "thesis.txt"
    out.mkdir()
    thesis.write_text("years of work")
    (out / name).write_text("years of work")
    said = refused(capsys, "replay", "bag", "--out", out)
    assert f"{out / name}: in the way of a result" in said
    assert contents(out) == {str(out / name): b"years of work"}
    (out / name).unlink()
    replay("bag", "--out", out)
    (out / name).unlink()
    (out / name).symlink_to(thesis)
    for options in ((), ("--overwrite",), ("--resume",)):
        assert f"{out / name}: a link" in refused(capsys, "replay", "bag", "--out", out, *options)
    assert thesis.read_text() == "years of work"


@pytest.mark.parametrize("record", [None, "{}", "no record", '{"bag": 1}', FAKE])
def test_a_folder_called_bag_stays(
    drive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], record: str | None
) -> None:
    thesis = tmp_path / "e" / "bag" / "thesis.txt"
    thesis.parent.mkdir(parents=True)
    thesis.write_text("years of work")
    if record is not None:
        (tmp_path / "e" / "run.json").write_text(record)
    before = contents(tmp_path)
    for options in ((), ("--overwrite",), ("--resume",)):
        refused(capsys, "replay", "bag", "--out", tmp_path / "e", *options)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", ["thesis.txt", "bag_0/thesis.txt", "bag_7.mcap", "bag_thesis"])
def test_files_put_into_a_replay_s_bag_stay(
    drive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    out = tmp_path / "out"
    replay("bag", "--out", out)
    thesis = out / "bag" / name
    thesis.parent.mkdir(exist_ok=True)
    thesis.write_text("years of work")
    for options in ((), ("--overwrite",), ("--resume",)):
        said = refused(capsys, "replay", "bag", "--out", out, *options)
        assert f"{thesis}: not written by the replay" in said
    assert thesis.read_text() == "years of work"


def test_a_bag_that_leads_elsewhere_is_not_followed(
    drive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    replay("bag", "--out", out)
    shutil.rmtree(out / "bag")
    (out / "bag").symlink_to(drive)
    before = contents(drive)
    assert f"{out / 'bag'}: a link" in refused(capsys, "replay", "bag", "--out", out)
    assert contents(drive) == before


def test_a_second_name_of_a_result_keeps_the_first_one_s_content(
    drive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    replay("bag", "--out", out)
    kept = {name: (out / name).read_bytes() for name in ("frames.jsonl", "overlay.mp4")}
    for name in kept:
        os.link(out / name, tmp_path / name)
    replay("bag", "--out", out, "--min-confidence", "0.99")
    assert (out / "frames.jsonl").read_bytes() != kept["frames.jsonl"]
    assert {name: (tmp_path / name).read_bytes() for name in kept} == kept


def test_a_replay_replaces_its_own_of_before_and_nothing_else(
    tmp_path: Path, street_frames: list[Frame], capsys: pytest.CaptureFixture[str]
) -> None:
    cameras: dict[str, Make] = {"/left/image_raw": picture, "/right/image_raw": picture}
    bag = write_bag(tmp_path / "drive", street_frames[:2], cameras, StoragePlugin.MCAP)
    out = tmp_path / "out"
    replay(bag, "--out", out)
    (out / "notes.txt").write_text("mine")
    replay(bag, "--out", out, "--topic", "/left/image_raw")
    assert sorted(file.name for file in out.glob("*.mp4")) == ["overlay.mp4"]
    replay(bag, "--out", out)
    assert sorted(f.name for f in out.glob("*.mp4")) == ["overlay_left.mp4", "overlay_right.mp4"]
    assert (out / "notes.txt").read_text() == "mine"
    replay(bag, "--out", out, "--topic", "/left/image_raw")
    (out / "overlay_right.mp4").write_text("my own")
    assert "overlay_right.mp4: in the way" in refused(capsys, "replay", bag, "--out", out)
    assert (out / "overlay_right.mp4").read_text() == "my own"


def test_a_replay_that_failed_at_its_first_frame_can_be_done_again(
    drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as failed:
        failed.setattr(job.Job, "run", failing)
        with pytest.raises(MemoryError):
            replay("bag", "--out", tmp_path / "out")
    replay("bag", "--out", tmp_path / "out", "--resume")
    assert json.loads((tmp_path / "out" / "report.json").read_text())["complete"] is True


@pytest.fixture
def drives(tmp_path: Path, street_frames: list[Frame], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two recordings in different folders."""
    for name in ("a", "far/b"):
        write_bag(tmp_path / "drives" / name, street_frames[:2], TOPICS, StoragePlugin.MCAP)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "drives"


@pytest.mark.parametrize("out", ["drives", "drives/a", "drives/a/out", ".", "drives/far", "link/b"])
def test_results_of_many_lie_apart_from_each(
    drives: Path, capsys: pytest.CaptureFixture[str], out: str
) -> None:
    Path("link").symlink_to(drives / "far")
    before = contents(drives)
    said = refused(capsys, "replay", "drives", "--out", out)
    assert "which is read" in said or "is where the recordings are" in said
    assert contents(drives.parent) == before


def test_results_of_many_spare_files_of_another_origin(
    drives: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = drives / "out"  # among the recordings, but in none of them
    out.mkdir()
    for theirs in (out / "report.html", out / "report.json", out / "a" / "bag" / "thesis.txt"):
        theirs.parent.mkdir(parents=True, exist_ok=True)
        theirs.write_text("years of work")
        assert "in the way of a result" in refused(capsys, "replay", "drives", "--out", out)
        assert theirs.read_text() == "years of work"
        theirs.unlink()
    (out / "a" / "bag").rmdir()
    (out / "a").rmdir()
    (out / "a").symlink_to(drives / "a")  # where the results of one would go
    assert f"{out / 'a'}: is" in refused(capsys, "replay", "drives", "--out", out)
    (out / "a").unlink()
    for _ in range(2):
        replay("drives", "--out", out)
    assert json.loads((out / "report.json").read_text())["recordings"]["complete"] == 2


def test_a_comparison_lies_apart_from_its_replays(
    replayed: tuple[Path, Json], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(replayed[0], tmp_path / "r" / "one")
    shutil.copytree(replayed[0].parent / "drive", tmp_path / "drive")
    one, out, before = tmp_path / "r" / "one", tmp_path / "out", contents(tmp_path)
    for wrong, how in ((one, "is"), (one.parent, "holds"), (one / "new", "lies in")):
        said = refused(capsys, "compare", one, one, "--out", wrong)
        assert f"{wrong}: {how} {one}" in said
    bag = ["--bag", tmp_path / "drive"]
    for wrong in (tmp_path / "drive" / "out", tmp_path / "drive"):
        said = refused(capsys, "compare", one, "nano_road11", *bag, "--out", wrong)
        assert "which is read" in said
    assert contents(tmp_path) == before
    out.mkdir()
    (out / "b").symlink_to(one)
    assert f"{out / 'b'}: is" in refused(capsys, "compare", one, "nano_road11", *bag, "--out", out)
    assert contents(tmp_path) == before


def test_a_comparison_spares_files_of_another_origin(
    replayed: tuple[Path, Json], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["compare", str(replayed[0]), str(replayed[0]), "--out", str(tmp_path)]
    for name in ("compare.json", "compare.html"):
        (tmp_path / name).write_text("years of work")
        assert f"{name}: in the way of a result" in refused(capsys, *command)
        assert (tmp_path / name).read_text() == "years of work"
        (tmp_path / name).unlink()
    theirs = tmp_path / "b" / "bag" / "thesis.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("years of work")
    said = refused(capsys, "compare", replayed[0], "nano_road11", "--out", tmp_path)
    assert "bag: in the way of a result" in said and theirs.read_text() == "years of work"
    for _ in range(2):
        main([*command, *OPTIONS])
