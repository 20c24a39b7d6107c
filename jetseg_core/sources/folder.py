"""A folder of images as a stream, in the order of the file names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from jetseg_core.classes import CAMVID11, ClassSet
from jetseg_core.data.image_files import IMAGE_SUFFIXES, LabelReader, explain_dark_file, read_image
from jetseg_core.data.layouts import find_labels
from jetseg_core.distinct_names import distinct
from jetseg_core.errors import JetSegError
from jetseg_core.output_places import is_marked
from jetseg_core.picture_decoding import MONO16_BITS
from jetseg_core.sources.frame import Frame, FrameSource, UnreadableFrameError


class FolderSource(FrameSource):
    """Images of one folder, with ground truth where a known layout of data sets has label images for them.

    Layouts are those of `jetseg_core.data.layouts`; frames without a label image have no ground truth.

    Args:
        path: the folder; files that are not images (by suffix) are left out.
        classes: class set of the ground truth.
        mono16_bits: bits in use of the values of 16-bit images.

    Attributes:
        files: the images, in the order of the stream. Those that JetSeg has written are left out.
        names: of the frames; each stands once.
        labels: the label image of each; None for an image without one.
        label_folder: the folder of the label images; None if no image has one.

    Raises:
        JetSegError: no such folder, or no image in it that JetSeg has not written.
    """

    def __init__(
        self, path: str | Path, classes: ClassSet = CAMVID11, mono16_bits: int = MONO16_BITS
    ) -> None:
        super().__init__()
        self._bits = mono16_bits
        self._dark = False
        self.path = Path(path)
        if not self.path.is_dir():
            raise JetSegError(f"{self.path}: no such folder; give a folder of images")
        found = find_labels(self.path)
        if not found.frames:
            raise JetSegError(
                f"{self.path}: no image in this folder; expected files ending in "
                f"{', '.join(sorted(IMAGE_SUFFIXES))}"
            )
        of_file = dict(zip(found.frames, found.labels, strict=True))
        results = [file for file in found.frames if is_marked(file)]
        left_out = (
            f"results of JetSeg: {len(results)} images, such as {results[0].name}"
            if results
            else ""
        )
        if len(results) == len(found.frames):
            raise JetSegError(
                f"{self.path}: nothing but {left_out}; give the folder of what they were made from"
            )
        if results:
            self.warnings.append(f"left out, {left_out}")
        self.files = [file for file in found.frames if file not in results]
        self.labels = [of_file[file] for file in self.files]
        self.label_folder = found.folder
        self.names = distinct([f.stem for f in self.files], [f.name for f in self.files])
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

    def frame_name(self, index: int) -> str:
        """Name of the frame of this number, from 0."""
        return self.names[index]

    def unread(self) -> Iterator[Callable[[], Frame]]:
        """The frames, each as a call that reads it; errors of label images are raised as they are."""
        for file, name, label in zip(self.files, self.names, self.labels, strict=True):
            yield partial(self._read, file, name, label)

    def read_file(self, file: Path) -> np.ndarray:
        """The picture of one of the files, see `read_image`."""
        image = read_image(file, self._bits)
        if not self._dark and (reason := explain_dark_file(file, image, self._bits)):
            self._dark = True
            self.warnings.append(reason)
        return image

    def _read(self, file: Path, name: str, label: Path | None) -> Frame:
        try:
            image = self.read_file(file)
        except JetSegError as error:
            raise UnreadableFrameError(str(error)) from error
        labels = None
        if label is not None and self._readable:
            labels = self._reader.read(label, image.shape[:2])
        return Frame(image=image, name=name, labels=labels)
