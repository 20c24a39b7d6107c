"""The files in config/ and msg/: each fits the node as it is, or says what it means."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
import yaml
from jetseg.msg import ClassOccupancy

from jetseg_core.classes import CAMVID11
from jetseg_core.results.foxglove import make_layout

if TYPE_CHECKING:
    from test.jetseg_ros.conftest import Rig

CONFIG = Path(__file__).parents[3] / "config"
MESSAGES = CONFIG.parent / "msg"
PARAMETER_FILES = sorted(file for file in CONFIG.glob("*.yaml") if file.stem != "ground")


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        found |= flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return found


def test_there_is_one_per_machine() -> None:
    names = {file.stem for file in PARAMETER_FILES}
    assert {"cpu", "jetson_agx", "jetson_nano", "workstation"} <= names


@pytest.mark.parametrize("file", PARAMETER_FILES, ids=lambda file: file.stem)
def test_parameter_file(rig: Rig, file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    content = yaml.safe_load(file.read_text())
    assert list(content) == ["/**"]  # any name, any namespace
    values = flat(content["/**"]["ros__parameters"])
    node = rig.node(**{name.replace(".", "__"): value for name, value in values.items()})
    for name, value in values.items():
        assert node.has_parameter(name), f"{name}: no such parameter of the node"
        actual = node.get_parameter(name).value
        assert (list(actual) if isinstance(value, list) else actual) == value
    assert node.autostart()
    # Not rcl's own word on a node of the same name that another test of this process left behind.
    lines = capfd.readouterr().err.splitlines()
    log = "\n".join(line for line in lines if "logging_rosout" not in line)
    assert "[WARN]" not in log and "[ERROR]" not in log


def test_rviz_shows_input_overlay_and_color(rig: Rig) -> None:
    content = yaml.safe_load((CONFIG / "jetseg.rviz").read_text())
    displays = content["Visualization Manager"]["Displays"]
    topics = [display["Topic"]["Value"] for display in displays]
    assert topics == ["image", "segmentation/overlay", "segmentation/color"]
    assert all(display["Class"] == "rviz_default_plugins/Image" for display in displays)
    assert {f"/{topic}" for topic in topics[1:]} <= published(rig.active_node())


def test_foxglove_shows_the_node_s_outputs(rig: Rig) -> None:
    content = json.loads((CONFIG / "foxglove.json").read_text())
    made = make_layout([""], CAMVID11, live=True)
    assert content == made, f"write it again: json.dumps(make_layout(...), indent=2): {made}"
    topics = foxglove_topics(content)
    assert len(topics) == 6
    assert topics <= published(rig.active_node())


def published(node: Any) -> set[str]:
    name, namespace = node.get_name(), node.get_namespace()
    return {topic for topic, _ in node.get_publisher_names_and_types_by_node(name, namespace)}


def foxglove_topics(layout: dict[str, Any]) -> set[str]:
    """The topics of a layout, each panel of which is in its tree once."""
    panels = layout["configById"]
    assert sorted(leaves(layout["layout"])) == sorted(panels)
    found = set()
    for name, panel in panels.items():
        kind = name.partition("!")[0]
        if kind == "Image":
            found.add(panel["imageMode"]["imageTopic"])
        elif kind == "Plot":
            fields = ClassOccupancy.get_fields_and_field_types()
            for path in panel["paths"]:
                match = re.fullmatch(r"(\S+)\.(\w+)\[(\d+)]", path["value"])
                assert match, path
                topic, field, number = match.groups()
                assert path["enabled"] and int(number) < 11 and fields[field] == "sequence<float>"
                found.add(topic)
        else:
            found.add(panel["topicPath" if kind == "RawMessages" else "topicToRender"])
    return found


def leaves(tree: Any) -> list[str]:
    return [tree] if isinstance(tree, str) else leaves(tree["first"]) + leaves(tree["second"])


def test_the_middleware_profile_has_room_for_images() -> None:
    tree = ElementTree.parse(CONFIG / "fastdds.xml")
    sizes = [int(item.text or 0) for item in tree.iter() if item.tag.endswith("segment_size")]
    assert sizes and min(sizes) >= 4 * 1920 * 1080 * 3


@pytest.mark.parametrize("file", sorted(MESSAGES.glob("*.msg")), ids=lambda file: file.stem)
def test_every_field_of_a_message_is_explained(file: Path) -> None:
    paragraphs = file.read_text().split("\n\n")
    fields = [line for line in "\n".join(paragraphs).splitlines() if line and line[0] != "#"]
    assert len(fields) > 5
    # A comment stands above every field, or above a few that belong together.
    assert all(paragraph.startswith("#") for paragraph in paragraphs)
