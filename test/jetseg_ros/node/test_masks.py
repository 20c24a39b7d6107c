"""Masks and Autoware's run lengths as the node publishes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sensor_msgs.msg import Image

from jetseg_core.classes import CAMVID11
from jetseg_core.runtime import RuntimeSettings, create_runtime

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig

ROAD, CAR = CAMVID11.names.index("Road"), CAMVID11.names.index("Car")
AUTOWARE_ROAD, AUTOWARE_VEHICLE = 9, 7


def served(
    rig: Rig, street: np.ndarray, topics: list[str], **parameters: object
) -> tuple[Image, list[Image]]:
    rig.active_node(**parameters)
    received = [rig.record(Image, f"segmentation/{topic}") for topic in topics]
    camera, sent = rig.publisher(), rig.image(street)
    rig.publish_until(camera, lambda: sent, lambda: all(received), "all outputs")
    return sent, [messages[-1] for messages in received]


@pytest.mark.parametrize("value", [1, 255])
def test_mask(rig: Rig, street: np.ndarray, value: int) -> None:
    sent, (mask,) = served(
        rig, street, ["mask"], output__mask_classes=["road", "Car"], output__mask_value=value
    )
    labels = create_runtime(RuntimeSettings()).segment(street).labels
    assert mask.header == sent.header and mask.encoding == "mono8"
    pixels = np.frombuffer(mask.data, np.uint8).reshape(mask.height, mask.step)
    np.testing.assert_array_equal(pixels, np.where((labels == ROAD) | (labels == CAR), value, 0))
    assert 0.1 < np.mean(pixels > 0) < 0.9


def test_autoware(rig: Rig, street: np.ndarray) -> None:
    sent, (runs, label) = served(
        rig, street, ["autoware", "label"], output__min_confidence=0.5,
        output__autoware_classes=["Building: OBSTACLE"],
    )  # fmt: skip
    labels = np.frombuffer(label.data, np.uint8).reshape(label.height, label.width)
    assert runs.header == sent.header and (runs.height, runs.width) == labels.shape
    pairs = np.frombuffer(runs.data, np.dtype([("id", "u1"), ("length", "<i4")]))
    assert pairs["length"].min() > 0 and pairs["length"].sum() == labels.size
    found = np.repeat(pairs["id"], pairs["length"]).reshape(labels.shape)
    assert np.all(found[labels == ROAD] == AUTOWARE_ROAD)
    assert np.all(found[labels == CAR] == AUTOWARE_VEHICLE)
    building = labels == CAMVID11.names.index("Building")
    assert building.any() and np.all(found[building] == 3)
    assert np.all(found[labels == 255] == 0) and np.any(labels == 255)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"output__mask_classes": ["Moose"]}, "output.mask_classes: the model has no class 'Moose'; it has Sky"),
        ({"output__mask_value": 7}, "output.mask_value is 7; expected 1 or 255"),
        ({"output__autoware_classes": ["Moose: ROAD"]}, "output.autoware_classes: the model has no class 'Moose'"),
        ({"output__autoware_classes": ["Road: STREET"]}, "expected 'CLASS: AUTOWARE_CLASS' with one of UNKNOWN,"),
    ],
)  # fmt: skip
def test_classes_that_are_not_there_refuse_the_start(
    rig: Rig, parameters: dict[str, object], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert not rig.node(**parameters).autostart()
    errors = [line for line in capfd.readouterr().err.splitlines() if "[ERROR]" in line]
    assert len(errors) == 1 and said in errors[0]


def test_a_mask_of_no_class_is_explained_to_its_subscriber(
    rig: Rig, street: np.ndarray, capfd: pytest.CaptureFixture[str]
) -> None:
    rig.active_node()
    masks, labels = rig.record(Image, "segmentation/mask"), rig.record(Image, "segmentation/label")
    camera = rig.publisher()
    rig.publish_until(camera, lambda: rig.image(street), lambda: len(labels) > 2, "labels")
    log = ""

    def explained() -> bool:
        nonlocal log
        log += capfd.readouterr().err
        return "output.mask_classes names no class" in log

    rig.spin_until(explained, "the explanation")
    assert not masks and log.count("[WARN] ") - log.count("logging_rosout") == 1
