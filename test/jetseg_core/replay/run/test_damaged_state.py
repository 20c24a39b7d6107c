"""State of an earlier run that was cut or tampered with: one line, no traceback, no endless loop."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from jetseg_core.cli.main import main
from test.jetseg_core.replay.conftest import CAMERA, SIZE, Json, WriteDrive, picture

Change = Callable[[Path], Any]
OPTIONS = ["--size", str(SIZE[0]), str(SIZE[1])]


def record(**values: Any) -> Change:
    def change(folder: Path) -> None:
        file = folder / "run.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | values))

    return change


def row(**values: Any) -> Change:
    """Damage in the middle of the frame log."""

    def change(folder: Path) -> None:
        file = folder / "frames.jsonl"
        lines = file.read_text().splitlines()
        lines[4] = json.dumps(json.loads(lines[4]) | values)
        file.write_text("\n".join(lines) + "\n")

    return change


def text(name: str, content: str) -> Change:
    return lambda folder: (folder / name).write_text(content)


def cut(name: str, share: float) -> Change:
    def change(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: int(share * len(content))])

    return change


def metadata(**values: Any) -> Change:
    def change(folder: Path) -> None:
        file = folder / "bag" / "metadata.yaml"
        whole = yaml.safe_load(file.read_text())
        whole["rosbag2_bagfile_information"] |= values
        file.write_text(yaml.safe_dump(whole))

    return change


DEEP = "[" * 100_000
OF_RUN = {
    "record deep": text("run.json", DEEP),
    "record without topic": record(cameras=[{"prefix": ""}]),
    "record with text for a number": record(min_confidence="much"),
    "record with infinity": record(min_confidence=float("inf")),
    "record with other classes": record(classes={"name": "x", "names": ["a"], "palette": [7]}),
    "record with other regions": record(regions=["a", "b"], region_corners=[[], []]),
    "log cut": cut("frames.jsonl", 0.6),
    "log deep": text("frames.jsonl", DEEP),
    "row of another camera": row(camera=7),
    "row of no camera": row(camera=-1),
    "row with text": row(pixel_counts="many"),
    "row with too few": row(pixel_counts=[1, 2]),
    "row with negative": row(regions=[[-1] * 11]),
    "row with endless": row(decode_ms=float("inf")),
    "row with huge": row(stamp_ns=10**30),
    "row with others": row(colour="red"),
    "rows lost": metadata(custom_data={"jetseg_rows": "99999999"}),
    "rows beyond": metadata(custom_data={"jetseg_rows": "9" * 30}),
    "rows in other digits": metadata(custom_data={"jetseg_rows": "²"}),
    "parts elsewhere": metadata(relative_file_paths=["../../bag_0.mcap"]),
    "times of text": metadata(starting_time={"nanoseconds_since_epoch": "then"}),
}


@pytest.mark.parametrize("change", OF_RUN.values(), ids=OF_RUN)
def test_a_replay_is_not_gone_on_with(
    change: Change,
    replayed: tuple[Path, Json],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An interrupted one; nothing of it is removed."""
    out = Path(shutil.copytree(replayed[0], tmp_path / "out"))
    record(complete=False)(out)
    (out / "report.json").unlink()
    change(out)
    before = sorted(out.rglob("*"))
    run = json.loads((replayed[0] / "run.json").read_text())
    command = ["replay", run["bag"], "--labels", run["labels"], "--out", str(out), *OPTIONS]
    command += ["--region", "lane: 0.4 0.5, 0.6 0.5, 1 1, 0 1", "--resume"]
    with pytest.raises(SystemExit) as ended:
        main(command)
    said = [one for one in capsys.readouterr().err.splitlines() if one.startswith("jetseg: error")]
    assert ended.value.code == 2 and len(said) == 1 and len(said[0]) < 1000
    assert set(before) <= {*out.rglob("*"), out / "report.html"}


OF_REPORT = {
    "report deep": text("report.json", DEEP),
    "report cut": cut("report.json", 0.5),
    "classes of numbers": lambda folder: text(
        "report.json",
        json.dumps(json.loads((folder / "report.json").read_text()) | {"classes": 7}),
    )(folder),
    "log cut": cut("frames.jsonl", 0.6),
    "log lost": lambda folder: (folder / "frames.jsonl").unlink(),
    "row of another camera": row(camera=7),
    "row with endless": row(infer_ms=float("nan")),
    "recording lost": lambda folder: shutil.rmtree(folder / "bag"),
}


@pytest.mark.parametrize("change", OF_REPORT.values(), ids=OF_REPORT)
def test_it_is_not_compared(
    change: Change,
    replayed: tuple[Path, Json],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = Path(shutil.copytree(replayed[0], tmp_path / "one"))
    change(one)
    with pytest.raises(SystemExit) as ended:
        main(["compare", str(replayed[0]), str(one), "--out", str(tmp_path / "out")])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.count("\n") == 1 and said.startswith("jetseg: error")


def test_a_record_cannot_name_files_elsewhere(write_drive: WriteDrive, tmp_path: Path) -> None:
    """The videos of an earlier replay are removed, by the prefixes in its record."""
    bag, out = write_drive({CAMERA: picture}), tmp_path / "out"
    (tmp_path / "overlay_x.mp4").write_text("mine")
    out.mkdir()
    cameras = [{"topic": "/a", "prefix": "/../../x"}, {"topic": "/b", "prefix": "x/../../overlay"}]
    (out / "run.json").write_text(json.dumps({"bag": "x", "cameras": cameras, "complete": True}))
    main(["replay", str(bag), "--out", str(out), *OPTIONS])
    assert (tmp_path / "overlay_x.mp4").read_text() == "mine"
