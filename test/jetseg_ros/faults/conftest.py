"""Common parts of the tests of endurance: small settings, one exchange, the counters, the memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sensor_msgs.msg import Image

from jetseg_ros.node.segmentation_node import SegmentationNode

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig

SMALL = {"input__size": [64, 96]}
"""Settings for tests that do not depend on the network's size."""
RELIABLE = {
    "qos_overrides__/image__subscription__reliability": "reliable",
    "qos_overrides__/image__subscription__depth": 50,
}
"""Reliable, since tests that count frames may lose none."""


def balanced(node: SegmentationNode) -> bool:
    """True if every frame of the first camera is accounted for."""
    found = node._slots.counts(0)
    ended = found.processed + found.replaced + found.stale + found.failed
    return found.received == ended + found.waiting


def serve_one(rig: Rig, camera: Any, labels: list[Image], image: np.ndarray) -> Image:
    """Publish until a label comes back that belongs to one of these images."""
    sent: list[Image] = []

    def make() -> Image:
        sent.append(rig.image(image))
        return sent[-1]

    def newest() -> Image | None:
        stamps = [message.header.stamp for message in sent]
        return next((label for label in labels if label.header.stamp in stamps), None)

    rig.publish_until(camera, make, lambda: newest() is not None, "the label of a new image")
    label = newest()
    assert label is not None
    return label


def resident_bytes(pid: int | str = "self") -> int:
    """Memory of a process that is in RAM."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
