"""The CamVid loader, on small data in CamVid's layout."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from jetseg_core.class_file import find_classes
from jetseg_core.classes import UNLABELLED
from jetseg_core.data.camvid import CamVid
from jetseg_core.errors import JetSegError
from jetseg_core.training.class_pixels import class_pixels


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two frames of 8x6; the label image of frame i is all i, with void (11) in one corner."""
    for index in range(2):
        for folder in ("train", "trainannot"):
            (tmp_path / folder).mkdir(exist_ok=True)
        image = np.zeros((6, 8, 3), np.uint8)
        image[..., 2] = 200  # red, in OpenCV's order
        labels = np.full((6, 8), index, np.uint8)
        labels[0, 0] = 11
        cv2.imwrite(str(tmp_path / "train" / f"{index}.png"), image)
        cv2.imwrite(str(tmp_path / "trainannot" / f"{index}.png"), labels)
    return tmp_path


def test_frames_are_rgb_and_void_is_unlabelled(root: Path) -> None:
    data = CamVid(root, "train")
    assert len(data) == 2
    image, labels = data[1]
    assert image.shape == (6, 8, 3)
    assert tuple(image[3, 3]) == (200, 0, 0)
    assert labels[0, 0] == UNLABELLED
    assert (labels.ravel()[1:] == 1).all()


def test_every_fault_names_the_file(root: Path) -> None:
    with pytest.raises(JetSegError, match=r"no folder .*val"):
        CamVid(root, "val")
    (root / "trainannot" / "0.png").rename(root / "trainannot" / "kept")
    with pytest.raises(JetSegError, match=r"1 of 2 frames .* no label image.*0\.png"):
        CamVid(root, "train")
    (root / "trainannot" / "0.png").write_bytes(b"broken")
    with pytest.raises(JetSegError, match=r"trainannot/0\.png.*damaged"):
        CamVid(root, "train")[0]
    cv2.imwrite(str(root / "trainannot" / "0.png"), np.zeros((3, 3), np.uint8))
    with pytest.raises(JetSegError, match=r"trainannot/0\.png.*\(3, 3\).*\(6, 8\)"):
        CamVid(root, "train")[0]
    for frame in (root / "train").iterdir():
        frame.unlink()
    with pytest.raises(JetSegError, match="no PNG frames"):
        CamVid(root, "train")


def test_other_classes_and_sizes(root: Path) -> None:
    data = CamVid(root, "train", find_classes("1"), size=(3, 4))
    image, labels = data[0]
    assert image.shape == (3, 4, 3)
    assert labels.shape == (3, 4)
    assert set(np.unique(labels)) <= {0, UNLABELLED}
    assert (data[1][1] == UNLABELLED).all()  # 1 is no class of this set
    assert "own frames with the classes '1 classes', resized to 4x3" in data.describe()
    assert "CamVid" in CamVid(root, "train").describe()


def test_class_pixels_are_counted_once(root: Path, tmp_path: Path) -> None:
    data, cache = CamVid(root, "train"), tmp_path / "run" / "pixels.json"
    labels = [label for _, label in data]
    counts = class_pixels(data, labels, cache)
    np.testing.assert_array_equal(counts, [47, 47] + [0] * 9)
    np.testing.assert_array_equal(class_pixels(data, [], cache), counts)
    # Other label files, classes or sizes are other counts.
    np.testing.assert_array_equal(
        class_pixels(CamVid(root, "train", size=(3, 4)), labels[:1], cache), [47] + [0] * 10
    )
    cv2.imwrite(str(root / "trainannot" / "0.png"), np.full((6, 8), 5, np.uint8))
    changed = CamVid(root, "train")
    assert class_pixels(changed, [label for _, label in changed], cache)[5] == 48
