"""A full disk, and files where folders go: one line and status 2; what was done before stays, and --resume goes on."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jetseg_core.cli.main import main
from jetseg_core.recording.recording import Recording

STREET = "generator:frames=6,size=128x96,seed=2"
SIZE = ["--size", "96", "128"]


@contextmanager
def full_disk(most: int) -> Iterator[None]:
    """No file can grow beyond this many bytes (errno EFBIG, handled as ENOSPC is)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    said = [line for line in capsys.readouterr().err.splitlines() if "jetseg: error" in line]
    assert ended.value.code == 2 and len(said) == 1, said
    return said[0]


@pytest.mark.parametrize("most", [3_000, 12_000, 40_000])
def test_a_replay_goes_on_after_a_full_disk(
    most: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The limits stop it at the video, at the recording, and at the page."""
    out = tmp_path / "out"
    command = ["replay", STREET, "--out", str(out), *SIZE]
    with full_disk(most):
        assert "free some space" in refused(capsys, *command)
    main([*command, "--resume"])
    report = json.loads((out / "report.json").read_text())
    assert report["frames"] == 6 and report["complete"]
    with Recording(out / "bag") as recording:
        assert recording.topics["/segmentation/label"][1] == 6 and not recording.warnings


def test_predict_leaves_whole_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with full_disk(5_000):
        said = refused(capsys, "predict", STREET, "--out", str(tmp_path), *SIZE)
    assert "free some space" in said
    assert [file.name for file in tmp_path.iterdir()] == ["street_000000_label.png"]


def test_train_names_the_file(
    small_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", "--data", str(small_data), "--out", str(tmp_path / "run"), "--epochs", "1"]
    command += ["--batch-size", "2", "--crop-height", "64", "--crop-width", "64"]
    with full_disk(100_000):
        assert "run/best.pt: cannot be written" in refused(capsys, *command)


@pytest.mark.parametrize("place", ["file", "file/below"])
@pytest.mark.parametrize("command", ["replay", "predict"])
def test_a_file_where_a_folder_goes(
    command: str, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    said = refused(capsys, command, STREET, *SIZE, "--out", str(tmp_path / place))
    assert "a file stands where a folder" in said
    assert (tmp_path / "file").read_text() == "mine"
