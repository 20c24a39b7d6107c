"""Pictures of single frames, from the bag that a replay has written."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np

from jetseg_core.classes.coloring import color_labels
from jetseg_core.recording.image_decoding import decode_message
from jetseg_core.recording.message_types import read_message, stamp_ns
from jetseg_core.recording.recording import Recording
from jetseg_core.replay.report.replay_report import Report
from jetseg_core.replay.run.output_bag import FOLDER, LABEL, OVERLAY, TRUTH, topic_of

WRONG = (226, 61, 61)
"""Color of pixels that differ, RGB 0..255."""
TIMELINE_WIDTH = 480
PANEL_WIDTH = 320


class FramePictures:
    """Overlay, labels and ground truth of the frames of a finished replay.

    Args:
        folder: the results of the replay.
        report: its report.
    """

    def __init__(self, folder: Path, report: Report) -> None:
        self._recording = Recording(folder / FOLDER)
        self._prefixes = [camera.prefix for camera in report.cameras]
        self._classes = report.classes

    def __enter__(self) -> FramePictures:
        return self

    def __exit__(self, *_: object) -> None:
        self._recording.close()

    def images(self, camera: int, frame_ns: int, recorded_ns: int) -> dict[str, np.ndarray]:
        """Read a frame.

        Args:
            camera: position of its camera in the report.
            frame_ns: its stamp.
            recorded_ns: the time at which it was recorded.

        Returns:
            "overlay" (H, W, 3) RGB, "label" and, with ground truth, "truth" (H, W) class ids; uint8.
        """
        prefix = self._prefixes[camera]
        names = {
            topic_of(prefix, OVERLAY): "overlay",
            topic_of(prefix, LABEL): "label",
            topic_of(prefix, TRUTH): "truth",
        }
        found = {}
        for recorded in self._recording.messages(names, recorded_ns, recorded_ns + 1):
            message = read_message(recorded)
            # Several frames may have been recorded at the same time.
            if (stamp_ns(message.header) or recorded_ns) == frame_ns:
                pixels = decode_message(message)
                name = names[recorded.topic]
                found[name] = pixels if name == "overlay" else np.ascontiguousarray(pixels[..., 0])
        return found

    def colored(self, labels: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 RGB of class ids, in the colors of the classes."""
        return color_labels(labels, self._classes)


def difference(labels: np.ndarray, others: np.ndarray, image: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 RGB: pixels in which two label maps differ are red, over the faint image."""
    gray = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    picture = (gray // 2 + 96).astype(np.uint8)
    picture[labels != others] = WRONG
    return picture


def data_url(image: np.ndarray, width: int = PANEL_WIDTH, quality: int = 72) -> str:
    """Encode an image as a JPEG for the ``src`` of an image element.

    Args:
        image: (H, W, 3) uint8 RGB.
        width: largest width in pixels; a wider image is shrunk.
        quality: of the JPEG, 0..100.
    """
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    if width < image.shape[1]:
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode()
