"""One list of layouts finds the labels of frames, from a data set's root or from a folder of frames."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from jetseg_core.classes import CAMVID11, CAMVID32
from jetseg_core.classes.class_file import find_classes
from jetseg_core.data import layouts
from jetseg_core.data.data_set import DataSet
from jetseg_core.data.layouts import LabelFolder, Layout, find_labels, known_layouts
from jetseg_core.errors import JetSegError
from jetseg_core.sources import FolderSource, open_source

SKY, WALL = (128, 128, 128), (64, 192, 0)


def write(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)


def write_frame(path: Path) -> None:
    write(path, np.zeros((6, 8, 3), np.uint8))


def write_ids(path: Path, value: int) -> None:
    write(path, np.full((6, 8), value, np.uint8))


def write_color(path: Path, rgb: tuple[int, int, int]) -> None:
    write(path, np.full((6, 8, 3), rgb[::-1], np.uint8))


def truths(folder: Path) -> dict[str, int | None]:
    """The one class of every frame of a folder, as a frame source gives it; None where it has no labels."""
    return {
        frame.name: None if frame.labels is None else int(frame.labels[0, 0])
        for frame in open_source(str(folder))
    }


@pytest.mark.parametrize(
    ("frames", "labels", "ending"),
    [
        ("train", "trainannot", ""),
        ("val", "val_labels", "_L"),
        ("images/val", "labels/val", ""),
        ("Images/Val", "Labels/Val", ""),
        ("images", "labels", ""),
        ("701_StillsRaw_full", "LabeledApproved_full", "_L"),
        ("raw", "label", "_L"),
        ("raw", "LabeledApproved_full", ""),
    ],
)
def test_a_folder_of_frames_finds_its_labels(
    frames: str, labels: str, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        write_frame(tmp_path / frames / f"{name}.jpg")
    write_ids(tmp_path / labels / f"a{ending}.png", 3)
    write_color(tmp_path / labels / f"c{ending}.png", WALL)
    expected = {"a": 3, "b": None, "c": CAMVID11.names.index("Building")}
    assert truths(tmp_path / frames) == expected
    found = find_labels(tmp_path / frames)
    assert found.why == f"2 of 3 frames have a label image in '{tmp_path / labels}'"
    assert found.folder is not None and found.folder.root == tmp_path
    assert FolderSource(tmp_path / frames).places == (tmp_path / frames, tmp_path / labels)
    # However the folder is named: the layout is in its real path.
    monkeypatch.chdir(tmp_path / frames)
    assert truths(Path(".")) == expected


def test_frames_without_labels_say_where_was_looked(tmp_path: Path) -> None:
    write_frame(tmp_path / "images" / "val" / "a.jpg")
    assert truths(tmp_path / "images" / "val") == {"a": None}
    write_ids(tmp_path / "labels" / "val" / "other.png", 0)
    (tmp_path / "labels" / "val" / "a.jpg").write_bytes(b"JPEG damages class ids")
    source = FolderSource(tmp_path / "images" / "val")
    assert [frame.labels for frame in source] == [None]
    assert source.places == (tmp_path / "images" / "val",)
    for place in ("images/valannot", "images/val_labels", "labels/val"):
        assert f"'{tmp_path / place}'" in source.labels_note
    assert f"'{tmp_path / 'labels/val'}' (none is named like a frame)" in source.labels_note


def test_colors_of_class_dict_are_used_for_a_folder_of_frames(tmp_path: Path) -> None:
    write_frame(tmp_path / "val" / "a.png")
    write_color(tmp_path / "val_labels" / "a.png", (1, 2, 3))
    table = tmp_path / "class_dict.csv"
    table.write_text("name,r,g,b\nRoad,1,2,3\n")
    assert truths(tmp_path / "val") == {"a": CAMVID11.names.index("Road")}
    # Another class set than the one that is asked for gives no ground truth, and no error.
    table.write_text("name,r,g,b\nlawn,1,2,3\n")
    source = FolderSource(tmp_path / "val")
    assert [frame.labels for frame in source] == [None]
    assert "class_dict.csv has no class of 'camvid11'" in source.labels_note
    (frame,) = FolderSource(tmp_path / "val", find_classes(str(table)))
    assert frame.labels is not None and (frame.labels == 0).all()


def test_labels_count_in_the_classes_that_are_asked_for(tmp_path: Path) -> None:
    write_frame(tmp_path / "images" / "a.png")
    write_color(tmp_path / "labels" / "a.png", WALL)
    (frame,) = open_source(str(tmp_path / "images"), CAMVID32)
    assert frame.labels is not None and (frame.labels == CAMVID32.names.index("Wall")).all()


def test_a_folder_of_label_images_knows_its_data_set(tmp_path: Path) -> None:
    for name in ("b.png", "a_L.png", "a_L.bmp", "note.txt"):
        (tmp_path / "labels" / "val").mkdir(parents=True, exist_ok=True)
        (tmp_path / "labels" / "val" / name).touch()
    folder = LabelFolder.at(tmp_path / "labels" / "val")
    assert folder.root == tmp_path
    assert [file.name for file in folder.files] == ["a_L.bmp", "a_L.png", "b.png"]
    assert folder.of_name("a") == tmp_path / "labels" / "val" / "a_L.png"  # PNG before others
    assert folder.of_name("c") is None
    assert folder.by_stamp == {}
    for kind, names, stamps in (
        ("numbers", ("2", "10", "9"), []),
        ("stamps", ("10000000000", "9900000000", "0"), [0, 9_900_000_000, 10_000_000_000]),
    ):
        masks = tmp_path / kind
        masks.mkdir()
        for name in names:
            (masks / f"{name}.png").touch()
        folder = LabelFolder.at(masks)
        assert folder.root == folder.path
        assert sorted(folder.by_stamp) == stamps
        assert [int(file.stem) for file in folder.files] == sorted(map(int, names))


def test_another_layout_is_one_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy = Layout(
        "toy", ("rgb/part_{split}",), ("ids/part_{split}",), "_camera", ("_classes", "_mask")
    )
    for split in ("train", "val"):
        write_frame(tmp_path / "rgb" / f"part_{split}" / "1_camera.jpg")
        write_frame(tmp_path / "rgb" / f"part_{split}" / "2_camera.jpg")
        write_ids(tmp_path / "ids" / f"part_{split}" / "1_classes.png", 4)
    with pytest.raises(JetSegError, match="holds no data set"):
        DataSet(tmp_path, "val")
    monkeypatch.setattr(layouts, "LAYOUTS", [*layouts.LAYOUTS, toy])
    assert "rgb/part_train + ids/part_train (toy)" in known_layouts()
    assert truths(tmp_path / "rgb" / "part_val") == {"1_camera": 4, "2_camera": None}
    assert LabelFolder.at(tmp_path / "ids" / "part_val").of_name("1_camera") is not None
    with pytest.raises(JetSegError, match=r"1 of 2 .*2_classes\.png' \(or 2_mask\.png\)"):
        DataSet(tmp_path, "val")
    write_ids(tmp_path / "ids" / "part_val" / "2_mask.png", 5)
    assert [int(labels[0, 0]) for _, labels in DataSet(tmp_path, "val")] == [4, 5]
    with pytest.raises(JetSegError, match=r"no folder '.*rgb/part_test'.*splits train, val"):
        DataSet(tmp_path, "test")
