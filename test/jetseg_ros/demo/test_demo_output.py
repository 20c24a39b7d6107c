"""The demo replaces its own results, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jetseg_core.errors import JetSegError
from jetseg_ros.demo.demo_command import RECORD_FILE, main, prepare_output

PICTURES = ["frame_000000.png", "frame_000009.png"]


def test_results_of_an_earlier_demo_are_replaced(tmp_path: Path) -> None:
    prepare_output(tmp_path, ["frame_000000.png", "frame_000005.png"])
    for name in ("frame_000000.png", "frame_000005.png", "node.log", "report.json"):
        (tmp_path / name).write_text("of a demo")
    (tmp_path / "frame_7.png").write_text("mine")
    prepare_output(tmp_path, PICTURES)
    assert sorted(file.name for file in tmp_path.iterdir()) == [RECORD_FILE, "frame_7.png"]


@pytest.mark.parametrize("name", [*PICTURES, "report.json", "node.log", "camera.log", RECORD_FILE])
def test_files_of_another_origin_stay(name: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text("mine")
    (out / "frame_000123.png").write_text("mine, too")
    with pytest.raises(JetSegError, match="not written by such a run before"):
        prepare_output(out, PICTURES)
    assert {file.read_text() for file in out.iterdir()} == {"mine", "mine, too"}
    (out / name).unlink()
    (out / name).symlink_to(tmp_path / "target")
    with pytest.raises(JetSegError, match="results are not written through links"):
        prepare_output(out, PICTURES)


def test_a_record_names_no_file_but_results(tmp_path: Path) -> None:
    prepare_output(tmp_path, PICTURES)
    (tmp_path / "thesis.txt").write_text("mine")
    record = json.loads((tmp_path / RECORD_FILE).read_text())
    (key,) = record
    record[key] += ["thesis.txt", "../thesis.txt", 7]
    (tmp_path / RECORD_FILE).write_text(json.dumps(record))
    prepare_output(tmp_path, PICTURES)
    assert (tmp_path / "thesis.txt").is_file()


def test_a_place_in_its_input_or_in_a_file_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], street_picture: Path
) -> None:
    folder = street_picture.parent
    assert main(["--input", str(folder), "--output", str(folder / "out")]) == 2
    assert "lies in" in capsys.readouterr().err
    (tmp_path / "file").write_text("mine")
    assert main(["--input", str(folder), "--output", str(tmp_path / "file")]) == 2
    said = capsys.readouterr().err
    assert "a file stands where a folder" in said and said.count("\n") == 1


@pytest.fixture
def street_picture(tmp_path: Path) -> Path:
    file = tmp_path / "pictures" / "a.ppm"
    file.parent.mkdir()
    file.write_bytes(b"P6 1 1 255\n\0\0\0")
    return file
