"""A folder of images as a stream, in the order of the file names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jetseg_core.classes import CAMVID11, ClassSet
from jetseg_core.data.image_files import IMAGE_SUFFIXES, LabelReader, read_image
from jetseg_core.data.layouts import find_labels
from jetseg_core.errors import JetSegError
from jetseg_core.sources.frame import Frame, FrameSource


class FolderSource(FrameSource):
    """Images of one folder, with ground truth where a known layout of data sets has label images for them.

    Layouts are those of `jetseg_core.data.layouts`; frames without a label image have no ground truth.

    Args:
        path: the folder; files that are not images (by suffix) are left out.
        classes: class set of the ground truth.

    Attributes:
        files: the images, in the order of the stream.
        labels: the label image of each; None for an image without one.
        label_folder: the folder of the label images; None if no image has one.

    Raises:
        JetSegError: no such folder, or no image in it.
    """

    def __init__(self, path: str | Path, classes: ClassSet = CAMVID11) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise JetSegError(f"{self.path}: no such folder; give a folder of images")
        found = find_labels(self.path)
        if not found.frames:
            raise JetSegError(
                f"{self.path}: no image in this folder; expected files ending in "
                f"{', '.join(sorted(IMAGE_SUFFIXES))}"
            )
        self.files, self.labels, self.label_folder = found.frames, found.labels, found.folder
        self.labels_note = found.why
        self.places = (self.path, found.folder.path) if found.folder else (self.path,)
        self._reader = LabelReader(classes, found.folder.root if found.folder else None)
        self._readable = bool(self._reader.id_of_painted)
        if found.folder and not self._readable:
            self.labels_note = (
                f"label images in '{found.folder.path}' are not used: their class_dict.csv has no class of "
                f"'{classes.name}'"
            )

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[Frame]:
        for file, label in zip(self.files, self.labels, strict=True):
            image = read_image(file)
            labels = None
            if label is not None and self._readable:
                labels = self._reader.read(label, image.shape[:2])
            yield Frame(image=image, name=file.stem, labels=labels)
