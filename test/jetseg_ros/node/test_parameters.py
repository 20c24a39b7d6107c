"""Parameters: described, mirrored, changed while running, refused with a reason."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from jetseg.msg import ClassOccupancy
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image

from jetseg_core.errors import JetSegError
from jetseg_core.runtime import RuntimeSettings
from jetseg_ros.node.parameters import SegmentationParameters

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig

NAMES = [item.metadata["parameter"].name for item in dataclasses.fields(SegmentationParameters)]


def change(node: Any, name: str, value: Any) -> Any:
    (result,) = node.set_parameters([Parameter(name, value=value)])
    return result


def test_every_parameter_is_declared_and_described(rig: Rig) -> None:
    node = rig.node()
    for name in NAMES:
        descriptor = node.describe_parameter(name)
        assert len(descriptor.description) > 20 and descriptor.description.endswith(".")
        assert "takes effect" in descriptor.additional_constraints
        ranges = descriptor.floating_point_range or descriptor.integer_range
        number = isinstance(node.get_parameter(name).value, (int, float)) and not isinstance(
            node.get_parameter(name).value, bool
        )
        assert bool(ranges) == number, f"{name}: numbers, and only they, have a range"
    assert node.describe_parameter("autostart").read_only


def test_their_names_are_those_that_others_rely_on() -> None:
    groups = {
        "model": ("preset", "combination", "checkpoint"),
        "runtime": ("backend", "device", "precision", "threads", "strict_backend", "cache_dir"),
        "input": ("transport", "size", "resize", "mono16_bits", "max_pixels"),
        "output": (
            "size",
            "min_confidence",
            "overlay_alpha",
            "mask_classes",
            "mask_value",
            "autoware_classes",
        ),
    }
    grouped = {f"{group}.{name}" for group, names in groups.items() for name in names}
    alone = {"cameras", "regions", "max_age_ms", "min_rate", "timeout_s", "autostart"}
    assert set(NAMES) == grouped | alone


def test_defaults_are_those_of_the_runtime(rig: Rig) -> None:
    assert rig.node().parameters.runtime_settings() == RuntimeSettings()


def test_values_set_at_start_arrive(rig: Rig) -> None:
    parameters = rig.node(
        runtime__threads=1,
        runtime__cache_dir="/engines",
        cameras=["a", "b"],
        input__size=[128, 256],
        input__resize="crop",
        max_age_ms=5.0,
    ).parameters
    assert parameters.cameras == ("a", "b") and parameters.max_age_ms == 5.0
    assert parameters.runtime_settings() == RuntimeSettings(
        threads=1, cache_dir="/engines", input_size=(128, 256), resize="crop"
    )


def test_a_preset_stands_for_the_shipped_model_of_its_size(rig: Rig) -> None:
    node = rig.active_node(model__preset="nano", model__checkpoint="elsewhere.pt")
    assert node.parameters.runtime_settings().checkpoint == "nano_road11"


def test_changes_apply_to_the_next_frame(rig: Rig, street: np.ndarray) -> None:
    node = rig.active_node(input__size=[128, 192])
    labels = rig.record(Image, "segmentation/label")
    occupancy = rig.record(ClassOccupancy, "segmentation/occupancy")
    overlays = rig.record(Image, "segmentation/overlay")
    camera = rig.publisher()

    def next_frame() -> tuple[Image, ClassOccupancy, np.ndarray]:
        """The outputs of the first frame that is sent after now; what was under way does not count."""
        sent: list[Image] = []

        def first(messages: list[Any]) -> Any:
            stamps = [image.header.stamp for image in sent]
            return next((m for m in messages if m.header.stamp in stamps), None)

        def make() -> Image:
            sent.append(rig.image(street))
            return sent[-1]

        rig.publish_until(
            camera, make, lambda: all(map(first, (labels, occupancy, overlays))), "outputs"
        )
        return first(labels), first(occupancy), np.frombuffer(first(overlays).data, np.uint8)

    label, counted, overlay = next_frame()
    assert (label.height, label.width) == (360, 480) and not counted.regions
    assert counted.unlabelled_pixels == 0
    assert (overlay != street.ravel()).any()

    assert change(node, "output.size", "network").successful
    assert change(node, "output.min_confidence", 0.9).successful
    assert change(node, "regions", ["lane: 0 0, 1 0, 1 1"]).successful
    label, counted, _ = next_frame()
    assert (label.height, label.width) == (128, 192)
    assert counted.unlabelled_pixels > 0 and counted.regions[0].name == "lane"

    assert change(node, "output.size", "source").successful
    assert change(node, "output.overlay_alpha", 0.0).successful
    label, _, overlay = next_frame()
    assert label.width == 480
    np.testing.assert_array_equal(overlay, street.ravel())

    assert change(node, "max_age_ms", 1e-3).successful  # less than any frame takes to come
    stale = node._slots.counts(0).stale
    rig.publish_until(
        camera,
        lambda: rig.image(street),
        lambda: node._slots.counts(0).stale > stale,
        "a frame to be too old",
    )


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("output.size", "huge", "'source' or 'network'"),
        ("output.overlay_alpha", 1.01, "Max: 1.0"),
        ("output.min_confidence", float("nan"), "out of range"),
        ("output.min_confidence", "high", "type"),
        ("max_age_ms", -1.0, "Min: 0.0"),
        ("regions", ["lane"], "expected 'name: x y"),
        ("model.checkpoint", "other", "deactivate it, clean it up"),
        ("cameras", ["left"], "deactivate it, clean it up"),
        ("max_age_ms", True, "type"),
        ("autostart", False, "read-only"),
    ],
)
def test_a_wrong_change_is_refused_with_the_reason(
    rig: Rig, name: str, value: Any, reason: str
) -> None:
    node = rig.active_node()
    before = node.parameters
    result = change(node, name, value)
    assert not result.successful
    assert reason in result.reason
    assert node.parameters == before


@pytest.mark.parametrize(
    "distribution", ["as here", "as Humble, which cannot convert before it checks"]
)
def test_a_value_is_taken_as_yaml_and_the_command_line_write_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, distribution: str
) -> None:
    if distribution != "as here":
        monkeypatch.delattr(Node, "add_pre_set_parameters_callback")
    node = rig.node(autostart=False, max_age_ms=100, timeout_s=2, cameras=[], regions=None)
    node._mirror.check()
    assert node.parameters.max_age_ms == 100.0 and type(node.parameters.max_age_ms) is float
    assert node.parameters.cameras == ("",) and node.parameters.polygons == ()

    assert change(node, "output.min_confidence", 1).successful
    assert change(node, "regions", ["lane: 0 0, 1 0, 1 1"]).successful
    assert node.parameters.min_confidence == 1.0 and len(node.parameters.polygons) == 1
    # An empty list of `ros2 param set` is one of bool.
    empty = Parameter("regions", Parameter.Type.BOOL_ARRAY, [])
    assert node.set_parameters([empty])[0].successful
    assert node.parameters.polygons == ()
    if distribution == "as here":
        assert node.get_parameter("output.min_confidence").type_ is Parameter.Type.DOUBLE

    for name, value in (("max_age_ms", True), ("max_age_ms", 10**9), ("output.size", 5)):
        assert not change(node, name, value).successful
    undeclare = Parameter("regions", Parameter.Type.NOT_SET, None)
    assert not node.set_parameters([undeclare])[0].successful
    assert not change(node, "runtime.backend", "abacus").successful


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"runtime__threads": 2.5}, "runtime.threads is 2.5; expected a whole number"),
        ({"model__checkpoint": 7}, "model.checkpoint is 7; expected text, in quotes"),
        ({"cameras": "front"}, "cameras is 'front'; expected a list of texts, such as ['']"),
        ({"input__size": []}, "input.size is []; expected [height, width]"),
        ({"input__size": [480.0, 360.0]}, "input.size is [480.0, 360.0]; expected a list of whole"),
        ({"autostart": 1}, "autostart is 1; expected true or false"),
        ({"min_rate": -1}, "min_rate is -1.0, out of range; expected 0 to 1000"),
        ({"output__size": "x" * 10**6}, "output.size is 'xxx"),
        ({"runtime__backend": "abacus"}, "backend: 'abacus' is not one of auto"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_value_of_another_type_is_refused_in_plain_words(
    rig: Rig, given: dict[str, Any], words: str
) -> None:
    node = rig.node(**given)
    with pytest.raises(JetSegError) as refusal:
        node._mirror.check()
    assert words in str(refusal.value) and len(str(refusal.value)) < 700


def test_unknown_names_are_warned_of_with_the_nearest(
    rig: Rig, capfd: pytest.CaptureFixture[str]
) -> None:
    override = "qos_overrides./imagine.subscription.reliability"
    rig.active_node(min_confidence=0.5, modell__checkpoint="x", quux=[], **{override: "reliable"})
    warnings = [line for line in capfd.readouterr().err.splitlines() if "unknown param" in line]
    assert len(warnings) == 2
    assert "'min_confidence' (did you mean output.min_confidence?)" in warnings[0]
    assert "'modell.checkpoint' (did you mean model.checkpoint?), 'quux';" in warnings[0]
    assert f"{override}' (did you mean qos_overrides./image.subscription.reli" in warnings[1]


def test_known_names_are_not_warned_of(rig: Rig, capfd: pytest.CaptureFixture[str]) -> None:
    override = "qos_overrides./image.subscription.reliability"
    rig.active_node(use_sim_time=False, timeout_s=3, **{override: "reliable"})
    assert "unknown parameters" not in capfd.readouterr().err


def test_values_read_at_configure_can_be_set_before(rig: Rig) -> None:
    node = rig.node(autostart=False)
    assert change(node, "cameras", ["left", "right"]).successful
    assert change(node, "runtime.threads", 1).successful
    node.trigger_configure()
    rig.spin_until(
        lambda: rig.peer.count_publishers("right/segmentation/label") == 1, "the camera's topics"
    )
    assert node.parameters.runtime_settings().threads == 1
