"""A folder of images as a stream, in the order of the file names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jetseg_core.classes import CAMVID11, ClassSet
from jetseg_core.data.image_files import IMAGE_SUFFIXES, read_image, read_labels
from jetseg_core.errors import JetSegError
from jetseg_core.sources.frame import Frame, FrameSource


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
        self.places = (self.path, self._annotations)

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[Frame]:
        for file in self._files:
            image = read_image(file)
            annotation = self._annotations / file.name
            size = image.shape[:2]
            has_truth = annotation.is_file()
            labels = read_labels(annotation, self._classes, size) if has_truth else None
            yield Frame(image=image, name=file.stem, labels=labels)
