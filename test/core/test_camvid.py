"""The CamVid loader, on small data in CamVid's layout."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from jetseg_core.classes import UNLABELLED
from jetseg_core.data.camvid import CamVid
from jetseg_core.errors import JetSegError


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
