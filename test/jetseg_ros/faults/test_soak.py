"""Endurance: many frames, all outputs, and a memory that does not grow.

JETSEG_SOAK_FRAMES=10000 makes a real soak of it; -s shows its figures.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sensor_msgs.msg import Image

from jetseg_ros.node.publishers import OUTPUT_TYPES
from test.jetseg_ros.faults.conftest import resident_bytes

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig, Start

OTHERS = {topic: kind for topic, kind in OUTPUT_TYPES.items() if topic != "label"}
WARM_UP = 100
"""Frames until the allocators hold what they will hold."""


@pytest.mark.slow
def test_memory_does_not_grow(rig: Rig, start: Start, street: np.ndarray, soak_frames: int) -> None:
    node = start(
        "node.segmentation_node", "-p", "input.size:=[64, 96]", "-p", "output.mask_classes:=[Road]"
    )
    rig.wait_until_active()
    labels = rig.record(Image, "segmentation/label")

    def forget(_: Any) -> None:
        """All outputs are made; other tests check their contents."""

    for topic, kind in OTHERS.items():
        rig.peer.create_subscription(kind, f"segmentation/{topic}", forget, 5)
    camera = rig.publisher()
    image = rig.image(street)

    def exchange(frames: int) -> int:
        """Send this many frames; returns the number of labels that came back."""
        answered = 0
        for _ in range(frames):
            labels.clear()
            camera.publish(image)
            for _ in range(200):  # best effort may lose it: then the next one comes
                rig.executor.spin_once(0.01)
                if labels:
                    answered += 1
                    break
        return answered

    exchange(WARM_UP)
    before = resident_bytes(node.pid)
    answered = exchange(soak_frames)
    after = resident_bytes(node.pid)
    print(
        f"{answered} of {soak_frames} frames answered; resident memory {before / 1e6:.1f} MB after "
        f"{WARM_UP} frames, {after / 1e6:.1f} MB after {soak_frames} more"
    )
    assert answered > 0.9 * soak_frames
    assert after < 1.02 * before
    node.send_signal(signal.SIGINT)
    output, _ = node.communicate(timeout=20)
    assert node.returncode == 0, output
    assert "[WARN]" not in output and "[ERROR]" not in output
