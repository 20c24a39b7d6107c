"""Pictures of single frames, taken from the bag that a replay has written."""

from __future__ import annotations

import base64
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from jetseg_core.classes import ClassSet
from jetseg_core.classes.coloring import color_labels
from jetseg_core.recording import Recording
from jetseg_core.recording.image_decoding import decode_message
from jetseg_core.recording.message_types import read_message, stamp_ns
from jetseg_core.replay.report.replay_report import Report
from jetseg_core.replay.run.output_bag import FOLDER, LABEL, OVERLAY, TRUTH, topic_of

WRONG = (226, 61, 61)
"""Color of the pixels that differ, RGB."""


class FramePictures:
    """The overlay, labels and ground truth of the frames of a finished replay.

    Args:
        folder: where the replay lies.
        report: its report, which says which frames there are.
    """

    def __init__(self, folder: Path, report: Report) -> None:
        self._recording = Recording(folder / FOLDER)
        self._prefixes = [camera["prefix"] for camera in report["cameras"]]
        self._classes = ClassSet.from_dict(report["classes"])

    def __enter__(self) -> FramePictures:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._recording.close()

    def images(self, frame: Report) -> dict[str, np.ndarray]:
        """What the bag holds of a frame: "overlay" (H, W, 3) RGB, "label" and perhaps "truth" (H, W) uint8 ids."""
        prefix = self._prefixes[frame["camera"]]
        names = {
            topic_of(prefix, OVERLAY): "overlay",
            topic_of(prefix, LABEL): "label",
            topic_of(prefix, TRUTH): "truth",
        }
        found = {}
        recorded_ns = frame["recorded_ns"]
        for recorded in self._recording.messages(names, recorded_ns, recorded_ns + 1):
            message = read_message(recorded)
            # Several frames may have been recorded at one time.
            if (stamp_ns(message.header) or recorded_ns) == frame["stamp_ns"]:
                pixels = decode_message(message)
                name = names[recorded.topic]
                found[name] = pixels if name == "overlay" else np.ascontiguousarray(pixels[..., 0])
        return found

    def colored(self, labels: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 RGB, the classes in their colors."""
        return color_labels(labels, self._classes)

    def difference(self, labels: np.ndarray, others: np.ndarray, under: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 RGB: where two label maps differ in red, over a faint picture."""
        gray = cv2.cvtColor(cv2.cvtColor(under, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        picture = (gray // 2 + 96).astype(np.uint8)
        picture[labels != others] = WRONG
        return picture


def data_url(image: np.ndarray, width: int, quality: int = 72) -> str:
    """A JPEG of so many pixels' width, for the ``src`` of an image element.

    Args:
        image: (H, W, 3) uint8 RGB.
    """
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    if width < image.shape[1]:
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode()
