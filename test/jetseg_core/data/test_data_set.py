"""Data sets in every layout, on tiny ones made here; no CamVid picture is needed."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest

from jetseg_core.classes import CAMVID11, CAMVID32, UNLABELLED
from jetseg_core.classes.class_file import find_classes
from jetseg_core.cli.main import main
from jetseg_core.data.camvid import CAMVID_SPLITS, camvid_split
from jetseg_core.data.data_set import DataSet
from jetseg_core.errors import JetSegError
from jetseg_core.training.fit import train
from jetseg_core.training.train_config import TrainConfig
from jetseg_core.training.training_data import TrainingData
from jetseg_core.training.training_frame import labelled_frames

TRAIN, VAL, TEST = "0001TP_006690", "0016E5_07959", "Seq05VD_f05100"
SKY, WALL, VOID, UNKNOWN = (128, 128, 128), (64, 192, 0), (0, 0, 0), (1, 2, 3)


def write(path: Path, rgb: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), rgb[..., ::-1] if rgb.ndim == 3 else rgb)


def write_frame(path: Path, size: tuple[int, int] = (6, 8)) -> None:
    image = np.zeros((*size, 3), np.uint8)
    image[..., 0] = 200  # red
    write(path, image)


def write_colors(path: Path) -> None:
    """Labels of 6x8: a row of void, one of an unknown color, two of sky, two of wall."""
    colors = np.array([VOID, UNKNOWN, SKY, SKY, WALL, WALL], np.uint8)
    write(path, np.repeat(colors[:, None], 8, axis=1))


def write_official(root: Path, names: Iterable[str], frames: str, labels: str) -> None:
    for name in names:
        write_frame(root / frames / f"{name}.png")
        write_colors(root / labels / f"{name}_L.png")


def stems(data: DataSet) -> list[str]:
    return [frame.stem for frame in data.frames]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """SegNet tutorial's layout: the label image of frame i is all i, with void (11) in one corner."""
    for index in range(2):
        labels = np.full((6, 8), index, np.uint8)
        labels[0, 0] = 11
        write_frame(tmp_path / "train" / f"{index}.png")
        write(tmp_path / "trainannot" / f"{index}.png", labels)
    return tmp_path


def test_the_lists_are_the_standard_split(camvid: Path) -> None:
    for split in ("train", "val"):
        assert camvid_split(split) == {frame.stem for frame in (camvid / split).iterdir()}


def test_the_lists_share_no_frame() -> None:
    train_names, val, test = (camvid_split(split) for split in CAMVID_SPLITS)
    assert (len(train_names), len(val), len(test)) == (367, 101, 233)
    assert len(train_names | val | test) == 701
    drives = {
        split: {name.split("_")[0] for name in camvid_split(split)} for split in CAMVID_SPLITS
    }
    assert drives == {
        "train": {"0001TP", "0006R0", "0016E5"},
        "val": {"0016E5"},
        "test": {"0001TP", "Seq05VD"},
    }


def test_frames_are_rgb_and_void_is_unlabelled(root: Path) -> None:
    data = DataSet(root, "train")
    assert len(data) == 2
    image, labels = data[1]
    assert image.shape == (6, 8, 3)
    assert tuple(image[3, 3]) == (200, 0, 0)
    assert labels[0, 0] == UNLABELLED
    assert (labels.ravel()[1:] == 1).all()


@pytest.mark.parametrize(
    ("frames", "labels"),
    [
        ("701_StillsRaw_full", "LabeledApproved_full"),
        ("raw", "label"),
        ("Raw", "Label"),
        ("images", "labels"),
    ],
)
def test_the_official_camvid_is_split_by_the_lists(
    frames: str, labels: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    every = camvid_split("val") | {TRAIN, TEST, "extra"}
    write_official(tmp_path, every, frames, labels)
    (tmp_path / "val.txt").write_text(TRAIN)  # a list of the copy itself does not count
    data = DataSet(tmp_path, "val")
    assert set(stems(data)) == camvid_split("val")
    assert not caplog.records
    rows = data[0][1][:, 0].tolist()
    sky, building = CAMVID11.names.index("Sky"), CAMVID11.names.index("Building")
    assert rows == [UNLABELLED, UNLABELLED, sky, sky, building, building]
    rows = DataSet(tmp_path, "val", CAMVID32)[0][1][:, 0].tolist()
    names = [CAMVID32.names[row] if row != UNLABELLED else None for row in rows]
    assert names == ["Void", None, "Sky", "Sky", "Wall", "Wall"]
    assert "CamVid" in data.describe() and "11 classes, 8x6, 101 frames" in data.describe()
    # A copy with holes is used, but not silently.
    assert stems(DataSet(tmp_path, "test")) == [TEST]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert (
        "1 of the 233 frames of CamVid's test; the first missing one is '0001TP_008550'"
        in record.getMessage()
    )


def test_folders_of_a_camvid_copy_do_not_decide_its_split(tmp_path: Path) -> None:
    # Copies with class_dict.csv are cut 369/100/232.
    for folder, name in (
        ("train", TRAIN),
        ("train", "0001TP_008550"),
        ("val", VAL),
        ("test", TEST),
    ):
        write_frame(tmp_path / folder / f"{name}.png")
        write_colors(tmp_path / f"{folder}_labels" / f"{name}_L.png")
    lines = [" name , r, g,b ,class_11", "Sky , 128,128 ,128, 0", "", " Wall,64, 192, 0,1"]
    (tmp_path / "class_dict.csv").write_text("\ufeff" + "\r\n".join(lines))
    assert stems(DataSet(tmp_path, "train")) == [TRAIN]
    assert stems(DataSet(tmp_path, "val")) == [VAL]
    data = DataSet(tmp_path, "test")
    assert stems(data) == ["0001TP_008550", TEST]
    assert data[0][1][:, 0].tolist() == [255, 255, 0, 0, 1, 1]
    classes = find_classes(str(tmp_path / "class_dict.csv"))
    assert (classes.name, classes.names) == (tmp_path.name, ("Sky", "Wall"))
    assert DataSet(tmp_path, "val", classes)[0][1][:, 0].tolist() == [255, 255, 0, 0, 1, 1]


def test_the_colors_of_class_dict_count(tmp_path: Path) -> None:
    write_frame(tmp_path / "train" / "a.jpg")
    write(tmp_path / "train_labels" / "a.png", np.full((6, 8, 3), UNKNOWN, np.uint8))
    table = tmp_path / "class_dict.csv"
    table.write_text("name,r,g,b\nRoad,1,2,3\n")
    assert (DataSet(tmp_path)[0][1] == CAMVID11.names.index("Road")).all()
    table.write_text("name,r,g,b\nlawn,1,2,3\n")
    with pytest.raises(JetSegError, match=r"classes lawn; none .*'camvid11'.*--classes"):
        DataSet(tmp_path)[0]
    assert (DataSet(tmp_path, classes=find_classes(str(table)))[0][1] == 0).all()
    table.write_text("name,r,g,b\nRoad,1,2,3\nSky,1,2,3\n")
    with pytest.raises(JetSegError, match=r"\(1, 2, 3\) stands for 'Road' and 'Sky'"):
        DataSet(tmp_path)[0]
    table.write_text("name,r,g,b\nRoad,1,2,red\n")
    with pytest.raises(JetSegError, match=r"class_dict\.csv': line 2 is 'Road,1,2,red'; expected"):
        DataSet(tmp_path)
    table.write_text("name,r,g,b\nRoad,1,2,256\n")
    with pytest.raises(JetSegError, match=r"class_dict\.csv': .*256.*of 'Road'"):
        DataSet(tmp_path)
    table.write_text("Road,1,2,3\n")
    with pytest.raises(
        JetSegError, match=r"class_dict\.csv': line 1 .* expected the columns name,r"
    ):
        DataSet(tmp_path)


def test_own_images_labels_and_class_file(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text("names: [lawn, shed]\ncolors: [[1, 2, 3], [64, 192, 0]]\n")
    write_frame(tmp_path / "images" / "train" / "a.jpg")
    write_colors(tmp_path / "labels" / "train" / "a.png")
    write_frame(tmp_path / "images" / "spring" / "b.png")
    write(tmp_path / "labels" / "spring" / "b.png", np.ones((6, 8), np.uint8))
    classes = find_classes(str(site))
    assert DataSet(tmp_path, "train", classes)[0][1][:, 0].tolist() == [255, 0, 255, 255, 1, 1]
    data = DataSet(tmp_path, "spring", classes)
    assert (data[0][1] == 1).all()
    assert data.describe() == "own frames with the classes 'site'"
    with pytest.raises(JetSegError, match=r"no folder '.*images/val'.*splits spring, train"):
        DataSet(tmp_path, "val", classes)


def test_own_images_in_one_folder_need_a_list(tmp_path: Path) -> None:
    write_official(tmp_path, ("a", "b", "c.d"), "images", "labels")
    with pytest.raises(JetSegError, match=r"are 'val'\?.*CamVid's.*val\.txt'.*images/val"):
        DataSet(tmp_path, "val")
    (tmp_path / "val.txt").write_text("c.d\n\na.png\n")
    assert stems(DataSet(tmp_path, "val")) == ["a", "c.d"]
    (tmp_path / "val.txt").write_text("a\nx\n")
    with pytest.raises(JetSegError, match=r"val\.txt': 'x' is not in .*images"):
        DataSet(tmp_path, "val")


def test_a_foreign_frame_among_camvid_is_refused(tmp_path: Path) -> None:
    for name in (TRAIN, VAL):
        write_frame(tmp_path / "train" / f"{name}.png")
        write(tmp_path / "trainannot" / f"{name}.png", np.zeros((6, 8), np.uint8))
    assert stems(DataSet(tmp_path, "train")) == [TRAIN]
    with pytest.raises(JetSegError, match="11 classes, not with 32"):
        DataSet(tmp_path, "train", CAMVID32)
    write_frame(tmp_path / "train" / "flipped.png")
    with pytest.raises(JetSegError, match=r"train/flipped\.png' is none of CamVid's frames"):
        DataSet(tmp_path, "train")


def test_the_error_of_a_wrong_folder_lists_expected_and_found(tmp_path: Path) -> None:
    with pytest.raises(JetSegError, match=r"no folder '.*nowhere'"):
        DataSet(tmp_path / "nowhere")
    (tmp_path / "CamVid" / "train").mkdir(parents=True)
    with pytest.raises(JetSegError, match=r"no data set.*trainannot.*701_Stills.*Found: CamVid"):
        DataSet(tmp_path)


def test_every_fault_names_the_file(root: Path) -> None:
    with pytest.raises(JetSegError, match=r"no folder .*val'; .* holds the splits train"):
        DataSet(root, "val")
    label = root / "trainannot" / "0.png"
    label.rename(root / "trainannot" / "kept")
    with pytest.raises(JetSegError, match=r"1 of 2 frames .* no label image.*0\.png"):
        DataSet(root, "train")
    label.write_bytes(b"broken")
    with pytest.raises(JetSegError, match=r"trainannot/0\.png.*damaged"):
        DataSet(root, "train")[0]
    write(label, np.zeros((3, 3), np.uint8))
    with pytest.raises(JetSegError, match=r"trainannot/0\.png.*\(3, 3\).*\(6, 8\)"):
        DataSet(root, "train")[0]
    cv2.imwrite(str(label), np.zeros((6, 8), np.uint16))
    with pytest.raises(
        JetSegError, match=r"trainannot/0\.png.*16 bits a channel; expected class ids"
    ):
        DataSet(root, "train")[0]
    for frame in (root / "train").iterdir():
        frame.unlink()
    with pytest.raises(JetSegError, match=r"no image in .*train'"):
        DataSet(root, "train")


def test_training_does_not_start_on_a_broken_file(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for folder in ("train", "trainannot"):
        (root / folder.replace("train", "val")).symlink_to(root / folder)
    (root / "trainannot" / "1.png").write_bytes(b"broken")
    out = tmp_path_factory.mktemp("elsewhere") / "run"
    with pytest.raises(JetSegError, match=r"1\.png: not an image"):
        train(TrainConfig(data=str(root), out=str(out), batch_size=1))
    assert not out.exists()


def test_the_command_names_the_wrong_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", "--data", str(tmp_path)])
    assert ended.value.code == 2
    assert "holds no data set" in capsys.readouterr().err


def test_other_classes_and_sizes(root: Path) -> None:
    data = DataSet(root, "train", find_classes("1"), size=(3, 4))
    image, labels = data[0]
    assert image.shape == (3, 4, 3)
    assert labels.shape == (3, 4)
    assert set(np.unique(labels)) <= {0, UNLABELLED}
    assert (data[1][1] == UNLABELLED).all()  # 1 is no class of this set
    assert data.describe() == "own frames with the classes '1 classes', resized to 4x3"


def test_pixels_of_each_class_are_counted_without_void(root: Path) -> None:
    data = TrainingData(
        CAMVID11, labelled_frames(DataSet(root, "train"), root, with_soft=False), [], ""
    )
    np.testing.assert_array_equal(data.class_pixels(), [47, 47] + [0] * 9)
