"""Every output of the node: its header, its size, its content."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from jetseg.msg import ClassOccupancy, ModelInfo
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from jetseg_core.classes import CAMVID11
from jetseg_core.classes.coloring import blend_colors, color_labels
from jetseg_core.cli.main import main as jetseg
from jetseg_core.runtime import RuntimeSettings, create_runtime

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig

OUTPUTS = {
    "label": Image,
    "confidence": Image,
    "color": Image,
    "overlay": Image,
    "label/compressed": CompressedImage,
    "overlay/compressed": CompressedImage,
    "occupancy": ClassOccupancy,
    "camera_info": CameraInfo,
}
SIZE = (180, 320)  # of the input; not the network's, and of another aspect ratio


def pixels_of(message: Image) -> np.ndarray:
    assert len(message.data) == message.step * message.height
    channels = {"mono8": 1, "rgb8": 3}[message.encoding]
    assert message.step == message.width * channels
    pixels = np.frombuffer(message.data, np.uint8)
    return pixels.reshape(message.height, message.width, channels).squeeze()


def serve(rig: Rig, image: np.ndarray, **parameters: Any) -> tuple[Image, dict[str, Any]]:
    """All outputs for one image, and the message that was sent."""
    rig.active_node(**parameters)
    received = {name: rig.record(kind, f"segmentation/{name}") for name, kind in OUTPUTS.items()}
    calibration = rig.publisher(CameraInfo, "camera_info")
    camera = rig.publisher()
    height, width = image.shape[:2]
    info = CameraInfo(header=rig.header(), height=height, width=width)
    info.k[0], info.k[2], info.k[4], info.k[5], info.k[8] = 300.0, 160.0, 310.0, 90.0, 1.0
    sent = rig.image(image)
    sent.header.frame_id = "left eye"

    def publish_and_look() -> bool:
        # Best effort may lose either, and the calibration has to be there before an image is served.
        calibration.publish(info)
        camera.publish(sent)
        rig.spin_for(0.2)
        return all(received.values())

    rig.spin_until(publish_and_look, "all outputs")
    return sent, {name: messages[-1] for name, messages in received.items()}


@pytest.fixture
def image(street: np.ndarray) -> np.ndarray:
    return cv2.resize(street, SIZE[::-1], interpolation=cv2.INTER_AREA)


def test_outputs_at_source_size(rig: Rig, image: np.ndarray) -> None:
    sent, outputs = serve(rig, image, output__overlay_alpha=0.25)
    expected = create_runtime(RuntimeSettings()).segment(image, confidence=True)
    assert expected.confidence is not None
    colors = color_labels(expected.labels, CAMVID11)

    for name, message in outputs.items():
        assert message.header == sent.header, name
    # Online equals offline: the very labels that the runtime gives, not similar ones.
    np.testing.assert_array_equal(pixels_of(outputs["label"]), expected.labels)
    np.testing.assert_array_equal(pixels_of(outputs["confidence"]), expected.confidence)
    np.testing.assert_array_equal(pixels_of(outputs["color"]), colors)
    overlay = blend_colors(image, colors, expected.labels, 0.25)
    np.testing.assert_array_equal(pixels_of(outputs["overlay"]), overlay)

    png = np.frombuffer(outputs["label/compressed"].data, np.uint8)
    np.testing.assert_array_equal(cv2.imdecode(png, cv2.IMREAD_UNCHANGED), expected.labels)
    jpeg = np.frombuffer(outputs["overlay/compressed"].data, np.uint8)
    assert jpeg[:3].tobytes() == b"\xff\xd8\xff" and "jpeg" in outputs["overlay/compressed"].format
    decoded = cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    assert np.abs(decoded.astype(int) - overlay).mean() < 10  # the same picture, but for JPEG

    info = outputs["camera_info"]
    assert (info.height, info.width) == SIZE
    assert (info.k[0], info.k[2], info.k[4], info.k[5]) == (300.0, 160.0, 310.0, 90.0)


def test_outputs_at_network_size(rig: Rig, image: np.ndarray) -> None:
    _, outputs = serve(rig, image, output__size="network", input__size=[96, 128])
    settings = RuntimeSettings(input_size=(96, 128))
    expected = create_runtime(settings).segment(image, size="network").labels
    np.testing.assert_array_equal(pixels_of(outputs["label"]), expected)
    for name in ("confidence", "color", "overlay", "camera_info"):
        assert (outputs[name].height, outputs[name].width) == (96, 128), name
    info = outputs["camera_info"]
    assert (info.k[0], info.k[2]) == (300.0 * 128 / 320, 160.0 * 128 / 320)
    assert info.k[4] == pytest.approx(310.0 * 96 / 180) and info.k[5] == 90.0 * 96 / 180
    assert info.k[8] == 1.0


@pytest.mark.parametrize(
    ("resize", "size", "seen"),
    [
        # 320x180 is 16:9 and the network 4:3: 240x180 of the image are cropped, and 128x72 of the
        # network's grid are filled.
        ("crop", "source", (slice(None), slice(40, 280))),
        ("letterbox", "network", (slice(12, 84), slice(None))),
        ("letterbox", "source", (slice(None), slice(None))),
        ("crop", "network", (slice(None), slice(None))),
    ],
)
def test_pixels_outside_the_network_s_view_are_unlabelled(
    rig: Rig, image: np.ndarray, resize: str, size: str, seen: tuple[slice, slice]
) -> None:
    parameters = {"input__size": [96, 128], "input__resize": resize, "output__size": size}
    _, outputs = serve(rig, image, **parameters)
    settings = RuntimeSettings(input_size=(96, 128), resize=resize)
    expected = create_runtime(settings).segment(
        image, size="network" if size == "network" else None, confidence=True
    )
    assert expected.confidence is not None
    labels = pixels_of(outputs["label"])
    assert labels.shape == (SIZE if size == "source" else (96, 128))
    np.testing.assert_array_equal(labels, expected.labels)
    np.testing.assert_array_equal(pixels_of(outputs["confidence"]), expected.confidence)
    inside = np.zeros(labels.shape, bool)
    inside[seen] = True
    np.testing.assert_array_equal(labels != 255, inside)
    assert outputs["occupancy"].unlabelled_pixels == (~inside).sum()

    info = outputs["camera_info"]
    assert (info.height, info.width) == labels.shape
    if size == "source":
        assert (info.k[0], info.k[2], info.k[4], info.k[5]) == (300.0, 160.0, 310.0, 90.0)
        np.testing.assert_array_equal(pixels_of(outputs["overlay"])[~inside], image[~inside])
    else:
        scale = {"letterbox": 0.4, "crop": 96 / 180}[resize]
        assert (info.k[0], info.k[4]) == pytest.approx((300.0 * scale, 310.0 * scale))
        assert (info.k[2], info.k[5]) == pytest.approx((64.0, 48.0))  # the middle stays there


def test_the_node_labels_as_predict_does(rig: Rig, image: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "frame.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    arguments = ["--out", str(tmp_path / "out"), "--size", "96", "128", "--resize", "crop"]
    jetseg(["predict", str(tmp_path / "in"), *arguments])
    offline = cv2.imread(str(tmp_path / "out" / "frame_label.png"), cv2.IMREAD_UNCHANGED)
    _, outputs = serve(rig, image, input__size=[96, 128], input__resize="crop")
    np.testing.assert_array_equal(pixels_of(outputs["label"]), offline)


def test_occupancy_counts_the_published_labels(rig: Rig, image: np.ndarray) -> None:
    lower_half = "ground: 0 0.5, 1 0.5, 1 1, 0 1"
    _, outputs = serve(rig, image, output__min_confidence=0.6, regions=[lower_half])
    labels, confidence = pixels_of(outputs["label"]), pixels_of(outputs["confidence"])
    occupancy, half = outputs["occupancy"], SIZE[0] // 2
    (ground,) = occupancy.regions
    assert ground.name == "ground"
    for message, part, certainty in (
        (occupancy, labels, confidence),
        (ground, labels[half:], confidence[half:]),
    ):
        counts = np.bincount(part.ravel(), minlength=256)
        assert message.total_pixels == part.size
        assert message.unlabelled_pixels == counts[255]
        assert message.unlabelled_pixels + sum(message.pixel_counts) == message.total_pixels
        assert list(message.pixel_counts) == counts[: len(CAMVID11)].tolist()
        assert list(message.class_ids) == list(range(len(CAMVID11)))
        assert tuple(message.class_names) == CAMVID11.names
        labelled = counts[: len(CAMVID11)]
        assert message.unlabelled_pixels > 0, "no pixel is uncertain: shares of all would pass, too"
        np.testing.assert_allclose(message.fractions, labelled / labelled.sum(), rtol=1e-6)
        means = [
            certainty[part == number].mean() / 255 if labelled[number] else 0.0
            for number in range(len(CAMVID11))
        ]
        np.testing.assert_allclose(message.mean_confidence, means, rtol=1e-6)


def test_uncertain_pixels_are_unlabelled(rig: Rig, image: np.ndarray) -> None:
    _, outputs = serve(rig, image, output__min_confidence=0.7)
    labels = pixels_of(outputs["label"])
    confidence = pixels_of(outputs["confidence"])
    assert ((labels == 255) == (confidence < 0.7 * 255)).all()
    assert (labels == 255).any(), "the picture has no uncertain pixel: the test says nothing"
    # Where nothing is known, nothing is painted.
    unlabelled = labels == 255
    assert (pixels_of(outputs["color"])[unlabelled] == 0).all()
    np.testing.assert_array_equal(pixels_of(outputs["overlay"])[unlabelled], image[unlabelled])


def test_model_info_reaches_late_subscribers(rig: Rig) -> None:
    rig.active_node()
    latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
    infos = rig.record(ModelInfo, "segmentation/model_info", latched)
    rig.spin_until(lambda: bool(infos), "the latched model_info")
    runtime = create_runtime(RuntimeSettings())
    info, model = infos[0], runtime.description
    assert info.model_name == model.name == "nano_road11"
    assert (info.preset, info.combination) == (model.preset, model.combination)
    assert info.checkpoint_sha256 == model.sha256 and len(model.sha256) == 64
    assert list(info.class_ids) == list(range(len(model.classes)))
    assert tuple(info.class_names) == model.classes.names
    assert np.array(info.palette).reshape(-1, 3).tolist() == [
        list(c) for c in model.classes.palette
    ]
    assert (info.backend, info.precision) == (runtime.backend, runtime.precision)
    assert (info.device, info.input_height, info.input_width) == (runtime.device, 360, 480)


def test_both_kinds_of_subscriber_match(rig: Rig, image: np.ndarray) -> None:
    rig.active_node()
    best_effort = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
    sensor = rig.record(Image, "segmentation/label", best_effort)
    reliable = rig.record(Image, "segmentation/label", 5)
    camera = rig.publisher()

    rig.publish_until(
        camera,
        lambda: rig.image(image),
        lambda: bool(sensor and reliable),
        "labels at both subscribers",
    )
