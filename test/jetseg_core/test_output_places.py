"""Results lie apart from what is read, and never take the place of what is not theirs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from jetseg_core.cli.main import main
from jetseg_core.deploy.onnx_export import export_onnx
from jetseg_core.errors import JetSegError
from jetseg_core.output_places import check_apart, check_replaceable, is_record
from jetseg_core.training.run_folder import RunFolder
from jetseg_core.training.train_config import TrainConfig

STREET = "generator:frames=2,size=128x96"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with an input folder, files beside it, and other names of both."""
    (tmp_path / "drive" / "deep").mkdir(parents=True)
    (tmp_path / "other" / "deep").mkdir(parents=True)
    (tmp_path / "model.pt").write_text("weights")
    os.link(tmp_path / "model.pt", tmp_path / "other" / "same.pt")
    (tmp_path / "link").symlink_to("drive")
    (tmp_path / "drive" / "linked.mcap").symlink_to(tmp_path / "model.pt")
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("output", "read", "how"),
    [
        ("drive", "drive", "is"),
        ("./other/../drive", "drive", "is"),
        ("link", "drive", "is"),
        ("drive", "link", "is"),
        ("other/same.pt", "model.pt", "is"),  # a second name of one file
        (".", "drive", "holds"),
        ("other/..", "link", "holds"),
        (".", "model.pt", "holds"),
        ("drive/out", "drive", "lies in"),
        ("link/deep/not/there/yet", "drive", "lies in"),
        ("not/there/out", "not/there", "lies in"),
        ("model.pt", "drive", "is"),  # what a link in the input leads to
    ],
)
def test_places_that_are_not_apart(place: Path, output: str, read: str, how: str) -> None:
    for written in (output, str(place / output)):
        with pytest.raises(JetSegError, match=f"^{written}: {how} {read}, which is read; [^\n]*$"):
            check_apart(["fine", written], ["/fine/too", read])


@pytest.mark.parametrize("output", ["out", "drive2", "other/deep", "drive.out", "link2", "loop"])
def test_places_that_are_apart(place: Path, output: str) -> None:
    check_apart([output, place / output], ["drive", place / "drive", "other/same.pt", "loop2"])


def test_files_that_may_be_replaced(place: Path) -> None:
    check_replaceable(place, ["model.pt", "new"], ["model.pt"])
    with pytest.raises(JetSegError, match=r"model\.pt: in the way of a result, and not written by"):
        check_replaceable(place, ["new", "model.pt"], ["new"])
    for link in ("link", "loop"):
        with pytest.raises(JetSegError, match=f"{link}: a link, and results are not written"):
            check_replaceable(place, [link], [link])


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ('{"a": 1, "b": 2}', True),
        ('{"a": 1}', False),
        ('["a", "b"]', False),
        ("thesis", False),
        ("\udcff", False),
    ],
)
def test_the_origin_of_a_file(tmp_path: Path, text: str, ours: bool) -> None:
    (tmp_path / "run.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert is_record(tmp_path / "run.json", ("a", "b")) is ours
    assert not is_record(tmp_path / "nothing.json", ())


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line that the command prints."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and said.count("\n") == 1, said
    return said


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def data(small_data: Path, tmp_path: Path) -> Path:
    """A data set of one's own, with another name."""
    root = tmp_path / "data" / "set"
    shutil.copytree(small_data, root)
    (tmp_path / "link").symlink_to(root)
    return root


Name = Callable[[Path], Path]
WHERE: list[tuple[str, Name]] = [
    ("is", lambda root: root),
    ("is", lambda root: root / ".." / root.name),
    ("is", lambda root: root.parents[1] / "link"),
    ("holds", lambda root: root.parent),
    ("lies in", lambda root: root / "run"),
    ("lies in", lambda root: root.parents[1] / "link" / "run"),
]


@pytest.mark.parametrize(("how", "name"), WHERE)
@pytest.mark.parametrize("command", ["train", "ablate"])
def test_training_writes_nothing_into_its_data(
    data: Path, capsys: pytest.CaptureFixture[str], command: str, how: str, name: Name
) -> None:
    before = contents(data)
    assert f": {how} {data}" in refused(capsys, command, "--data", data, "--out", name(data))
    assert contents(data) == before


def test_training_spares_the_checkpoint_that_it_begins_with(
    data: Path, exported_pair: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(exported_pair, run / "best.pt")
    (tmp_path / "begin.pt").symlink_to(run / "best.pt")
    for option in ("--init-from", "--teacher"):
        for read in (run / "best.pt", tmp_path / "begin.pt"):
            said = refused(capsys, "train", "--data", data, "--out", run, option, read)
            assert f"best.pt: is {read}, which is read" in said
    (run / "curve.csv").symlink_to(tmp_path / "thesis.txt")
    assert "curve.csv: a link" in refused(capsys, "train", "--data", data, "--out", run)
    assert (run / "best.pt").read_bytes() == exported_pair.read_bytes()


def test_a_curve_is_not_written_through_a_link(tmp_path: Path) -> None:
    thesis, curve = tmp_path / "thesis.txt", tmp_path / "run" / "curve.csv"
    curve.parent.mkdir()
    folder = RunFolder(TrainConfig(str(tmp_path / "data"), str(curve.parent)))
    for first in (True, False):
        thesis.write_text("years of work\n")
        curve.unlink(missing_ok=True)
        curve.symlink_to(thesis)
        folder.append_row({"epoch": 1}, first=first)
        folder.append_row({"epoch": 2}, first=False)
        assert thesis.read_text() == "years of work\n" and not curve.is_symlink()
    assert curve.read_bytes().endswith(b"1\r\n2\r\n")


@pytest.mark.parametrize(("how", "name"), WHERE)
def test_predictions_do_not_lie_among_their_images(
    data: Path, capsys: pytest.CaptureFixture[str], how: str, name: Name
) -> None:
    images, before = data, contents(data)
    for file in (data / "train").iterdir():
        shutil.copy(file, images)
    before = contents(images)
    assert f": {how} {images}" in refused(capsys, "predict", images, "--out", name(images))
    assert contents(images) == before


def test_predictions_do_not_lie_among_ground_truth(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, "predict", data / "val", "--out", data / "valannot")
    assert f": is {data / 'valannot'}" in said


@pytest.mark.parametrize(
    ("name", "end"), [("predict", "_label"), ("predict", "_overlay"), ("soften", "")]
)
def test_pictures_of_another_origin_are_spared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, end: str
) -> None:
    """A picture of the user's own, a folder, a link; and a result that was corrected by hand since."""
    out, thesis = tmp_path / "out", tmp_path / "thesis.png"
    cv2.imwrite(str(thesis), np.zeros((96, 128), np.uint8))
    command = [name, STREET, "--out", out, "--size", "96", "128"]
    target = out / f"street_000001{end}.png"
    out.mkdir()
    for make in (lambda: shutil.copy(thesis, target), target.mkdir, target.touch):
        make()
        before = contents(tmp_path)
        assert f"{target}: in the way of a result" in refused(capsys, *command)
        assert contents(tmp_path) == before and len(list(out.iterdir())) == 1
        target.rmdir() if target.is_dir() else target.unlink()
    target.symlink_to(thesis)
    before = contents(tmp_path)
    assert f"{target}: a link" in refused(capsys, *command)
    assert contents(tmp_path) == before
    target.unlink()
    for _ in range(2):  # also over its own of before
        main([str(argument) for argument in command])
    assert len(list(out.iterdir())) == (4 if end else 2)
    capsys.readouterr()
    cv2.imwrite(str(target), cv2.imread(str(target), cv2.IMREAD_UNCHANGED))
    before = contents(tmp_path)
    assert f"{target}: in the way of a result" in refused(capsys, *command)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("source", ["folder", "drive.mp4"])
def test_a_prediction_knows_its_files_before_it_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    path, out = tmp_path / source, tmp_path / "out"
    frames = [np.full((96, 128, 3), 60 * index, np.uint8) for index in range(3)]
    if source == "folder":
        path.mkdir()
        for index, frame in enumerate(frames):
            cv2.imwrite(str(path / f"{index}.jpg"), frame)
        last = "2_label.png"
    else:
        video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (128, 96))
        for frame in frames:
            video.write(frame)
        video.release()
        last = "drive_000002_label.png"
    out.mkdir()
    (out / last).write_text("years of work")
    said = refused(capsys, "predict", path, "--out", out, "--size", "96", "128")
    assert f"{last}: in the way of a result" in said
    assert [file.name for file in out.iterdir()] == [last]


def test_an_export_spares_its_checkpoint(
    exported_pair: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint, other = tmp_path / "mine.pt", tmp_path / "other.pt"
    shutil.copy(exported_pair, checkpoint)
    shutil.copy(exported_pair, other)
    shutil.copy(exported_pair, tmp_path / "misnamed.onnx")
    (tmp_path / "link.onnx").symlink_to(checkpoint)
    before = contents(tmp_path)
    for given, out in (
        (checkpoint, checkpoint),
        (checkpoint, tmp_path / "link.onnx"),
        (tmp_path / "link.onnx", checkpoint),
        (tmp_path / "misnamed.onnx", tmp_path / "misnamed.onnx"),
    ):
        said = refused(capsys, "export", "--checkpoint", given, "--out", out)
        assert f"{out}: is {given}, which is read" in said
    said = refused(capsys, "export", "--checkpoint", checkpoint, "--out", other)
    assert "other.pt: an ONNX file's name ends in .onnx" in said
    assert contents(tmp_path) == before


def test_an_export_takes_a_link_s_place(exported_pair: Path, tmp_path: Path) -> None:
    thesis, out = tmp_path / "thesis.txt", tmp_path / "out.onnx"
    thesis.write_text("years of work")
    out.symlink_to(thesis)
    export_onnx(exported_pair, out, size=(64, 64))
    assert thesis.read_text() == "years of work" and not out.is_symlink()
