"""Contract 4 and 5: what is accepted, and that nothing else disturbs the next good frame."""

from __future__ import annotations

import array
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image

from jetseg_core.recording.image_decoding import Fault
from jetseg_core.recording.message_fields import jpeg_fields
from jetseg_ros.node.messages import to_message

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig


def unknown_encoding(image: Image) -> None:
    image.encoding = "64FC7"


def no_encoding(image: Image) -> None:
    image.encoding = ""


def truncated(image: Image) -> None:
    image.data = image.data[: len(image.data) // 2]


def empty(image: Image) -> None:
    image.data = array.array("B")


def zero_size(image: Image) -> None:
    image.height = image.width = image.step = 0
    image.data = array.array("B")


def zero_height(image: Image) -> None:
    image.height = 0


def short_step(image: Image) -> None:
    image.step = image.width


def huge_claim(image: Image) -> None:
    image.height = image.width = 2**31
    image.step = 2**32 - 1


def not_a_number(image: Image) -> None:
    image.encoding = "32FC1"
    image.step = 4 * image.width
    pixels = np.full((image.height, image.width), np.nan, np.float32)
    image.data = array.array("B", pixels.tobytes())


FAULTS: dict[Callable[[Image], None], Fault] = {
    unknown_encoding: Fault.ENCODING,
    no_encoding: Fault.ENCODING,
    truncated: Fault.TRUNCATED,
    empty: Fault.TRUNCATED,
    zero_size: Fault.SIZE,
    zero_height: Fault.SIZE,
    short_step: Fault.STEP,
    huge_claim: Fault.STEP,
    not_a_number: Fault.ENCODING,
}


@pytest.mark.parametrize("spoil", FAULTS, ids=lambda spoil: spoil.__name__)
def test_a_bad_image_is_counted_and_the_next_is_served(
    rig: Rig, street: np.ndarray, spoil: Callable[[Image], None]
) -> None:
    rig.active_node()
    labels = rig.record(Image, "segmentation/label")
    values = rig.camera_values()
    camera = rig.publisher()
    bad = rig.image(street)
    spoil(bad)
    reason = f"failed: {FAULTS[spoil].value}"

    rig.publish_until(
        camera,
        lambda: bad,
        lambda: int(values().get(reason, 0)) > 0,
        f"'{reason}' in the diagnostics",
    )
    assert not labels

    good = rig.image(street)

    rig.publish_until(camera, lambda: good, lambda: bool(labels), "the label of the good frame")
    assert labels[0].header == good.header


@pytest.mark.parametrize("stamp", [(0, 0), (-5, 0), (2**31 - 1, 2**32 - 1)])
def test_strange_stamps_are_kept(rig: Rig, street: np.ndarray, stamp: tuple[int, int]) -> None:
    rig.active_node()
    labels = rig.record(Image, "segmentation/label")
    camera = rig.publisher()
    image = rig.image(street)
    image.header.stamp.sec, image.header.stamp.nanosec = stamp

    rig.publish_until(camera, lambda: image, lambda: len(labels) > 1, "labels")
    assert labels[-1].header == image.header


def test_bad_images_are_logged_once_a_second(
    rig: Rig, street: np.ndarray, capfd: pytest.CaptureFixture[str]
) -> None:
    rig.active_node()
    rig.record(Image, "segmentation/label")  # without a subscriber no image is looked at
    values = rig.camera_values()
    camera = rig.publisher()
    bad = rig.image(street)
    unknown_encoding(bad)

    def publish_bad() -> bool:
        camera.publish(bad)
        rig.spin_for(0.02)
        return int(values().get("failed", 0)) > 40

    capfd.readouterr()
    began = time.monotonic()
    rig.spin_until(publish_bad, "40 bad frames")
    rig.spin_for(0.1)
    logged, seconds = capfd.readouterr().err.count("64FC7"), time.monotonic() - began
    # The first at once, then one a second.
    assert 1 <= logged <= 1 + seconds < 20


def test_compressed_input(rig: Rig, street: np.ndarray) -> None:
    rig.active_node(input__transport="compressed")
    labels = rig.record(Image, "segmentation/label")
    values = rig.camera_values()
    camera = rig.publisher(CompressedImage, "image/compressed")
    bad = CompressedImage(header=rig.header(), format="jpeg", data=array.array("B", b"no picture"))
    good = to_message(CompressedImage, jpeg_fields(street), rig.header("front"))

    def publish_both() -> bool:
        camera.publish(bad)
        rig.spin_for(0.2)
        camera.publish(good)
        rig.spin_for(0.2)
        return bool(labels) and f"failed: {Fault.COMPRESSED.value}" in values()

    rig.spin_until(publish_both, "the label of the good frame and the count of the bad one")
    assert labels[0].header == good.header
    assert (labels[0].height, labels[0].width) == street.shape[:2]


def test_an_error_of_the_backend_does_not_end_the_service(rig: Rig, street: np.ndarray) -> None:
    node = rig.active_node()
    labels = rig.record(Image, "segmentation/label")
    values = rig.camera_values()
    camera = rig.publisher()
    assert node._runtime is not None
    segment = node._runtime.segment

    def out_of_memory(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA out of memory")

    node._runtime.segment = out_of_memory  # type: ignore

    rig.publish_until(
        camera,
        lambda: rig.image(street),
        lambda: int(values().get("failed: RuntimeError while segmenting", 0)) > 0,
        "the error in the diagnostics",
    )
    node._runtime.segment = segment  # type: ignore[method-assign]

    rig.publish_until(camera, lambda: rig.image(street), lambda: bool(labels), "a label")
