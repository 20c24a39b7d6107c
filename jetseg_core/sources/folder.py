"""A folder of images as a stream, in the order of the file names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from jetseg_core.classes import CAMVID11, UNLABELLED, ClassSet
from jetseg_core.errors import JetSegError
from jetseg_core.sources.frame import Frame, FrameSource

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm"})


class FolderSource(FrameSource):
    """Images of one folder, with ground truth from the folder beside it.

    Labels are looked for in ``<path>annot``, in files of the same name (the layout in which the
    SegNet tutorial distributes CamVid): 8-bit class ids, where every value without a class is
    unlabelled. Frames without such a file have no ground truth.

    Args:
        path: the folder; what is not an image (by suffix) is passed over.
        classes: the classes that the label files count in.

    Raises:
        JetSegError: no such folder, or no image in it.
    """

    def __init__(self, path: str | Path, classes: ClassSet = CAMVID11) -> None:
        self.path = Path(path)
        self._classes = classes
        if not self.path.is_dir():
            raise JetSegError(f"{self.path}: no such folder; give a folder of images")
        self._files = sorted(
            file for file in self.path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES
        )
        if not self._files:
            raise JetSegError(
                f"{self.path}: no image in this folder; expected files ending in "
                f"{', '.join(sorted(IMAGE_SUFFIXES))}"
            )
        self._annotations = self.path.with_name(self.path.name + "annot")

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[Frame]:
        for file in self._files:
            image = read_image(file)
            annotation = self._annotations / file.name
            labels = self._read_labels(annotation, image) if annotation.is_file() else None
            yield Frame(image=image, name=file.stem, labels=labels)

    def _read_labels(self, file: Path, image: np.ndarray) -> np.ndarray:
        labels = _decode(file, cv2.IMREAD_UNCHANGED)
        if labels.shape != image.shape[:2] or labels.dtype != np.uint8:
            raise JetSegError(
                f"{file}: labels of shape {labels.shape}, {labels.dtype}; expected one 8-bit "
                "channel "
                f"of the image's size {image.shape[:2]}"
            )
        labels[labels >= len(self._classes)] = UNLABELLED
        return labels


def read_image(file: Path) -> np.ndarray:
    """An image file as (H, W, 3) uint8 RGB; gray is spread over the channels, alpha dropped.

    Raises:
        JetSegError: the file is missing or not an image.
    """
    return cv2.cvtColor(_decode(file, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def _decode(file: Path, flags: int) -> np.ndarray:
    # Not cv2.imread: it cannot tell a missing file from a broken one, and warns on standard error.
    try:
        encoded = np.frombuffer(file.read_bytes(), np.uint8)
    except OSError as error:
        raise JetSegError(f"{file}: cannot be read ({error.strerror})") from error
    image = cv2.imdecode(encoded, flags) if encoded.size else None
    if image is None:
        raise JetSegError(f"{file}: not an image, or a damaged one; replace or remove the file")
    return image
