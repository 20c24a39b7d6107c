"""Class sets: the known ones, your own, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jetseg_core.classes import CAMVID11, CAMVID32, CITYSCAPES19, CLASS_SETS, ClassSet
from jetseg_core.classes.class_file import (
    distinct_colors,
    find_classes,
    read_classes,
    write_classes,
)
from jetseg_core.errors import JetSegError


def test_the_known_sets() -> None:
    assert [len(CLASS_SETS[name]) for name in ("camvid11", "camvid32", "cityscapes19")] == [
        11,
        32,
        19,
    ]
    for name, classes in CLASS_SETS.items():
        assert classes.name == name
        shared = 1 if name == "ade20k150" else 0  # road and skyscraper, officially
        assert len(set(classes.palette)) == len(classes) - shared
        assert ClassSet.from_dict(classes.to_dict()) == classes
    # The 11 classes are 11 of the 32, with one's name changed, in the same colors.
    both = dict(zip(CAMVID32.names, CAMVID32.palette, strict=True))
    both["Pole"] = both["Column_Pole"]
    assert all(
        both[name] == color for name, color in zip(CAMVID11.names, CAMVID11.palette, strict=True)
    )
    assert CITYSCAPES19.names[0] == "road"
    assert CITYSCAPES19.names[18] == "bicycle"
    np.testing.assert_array_equal(CITYSCAPES19.lookup_table[13], (0, 0, 142))


def test_the_sets_of_foreign_networks_are_in_their_official_order() -> None:
    for name, count, places in (
        ("ade20k150", 150, {0: "wall", 6: "road", 20: "car", 136: "traffic light", 149: "flag"}),
        ("pascal21", 21, {0: "background", 7: "car", 15: "person", 20: "tvmonitor"}),
        ("cocostuff171", 171, {0: "person", 79: "toothbrush", 80: "banner", 170: "wood"}),
    ):
        classes = CLASS_SETS[name]
        assert len(classes) == count
        assert {index: classes.names[index] for index in places} == places
    assert CLASS_SETS["ade20k150"].palette[20] == (0, 102, 200)
    assert CLASS_SETS["pascal21"].palette[15] == (192, 128, 128)


def test_your_own_set_from_yaml(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("names: [road, 'no']\ncolors:\n  - [1, 2, 3]\n  - [0, 255, 0]\n")
    assert find_classes(str(path)) == ClassSet("site", ("road", "no"), ((1, 2, 3), (0, 255, 0)))
    path.write_text("name: yard\nnames: [road, grass, shed]\n")
    classes = read_classes(path)
    assert (classes.name, len(set(classes.palette))) == ("yard", 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "names: [road, grass, road]",
            r"site.yaml': .*names: \['road'\] repeated; they must differ",
        ),
        ("names: []", r"site.yaml': .*names: 0 classes; .* 1 to 255"),
        (
            f"names: {[f'c{i}' for i in range(256)]}",
            r"site.yaml': .*names: 256 classes; .* 1 to 255",
        ),
        ("names: road", "site.yaml': names: 'road'; expected a list"),
        ("colors: [[1, 2, 3]]", "site.yaml': names: None; expected a list"),
        ("names: [road, no]", "site.yaml': names: False at position 1 is not a name"),
        ("names: [road, '']", "site.yaml': names: '' at position 1 is not a name"),
        (
            "names: [a, b]\ncolors: [[1, 2, 3]]",
            "site.yaml': colors: 1 of them; expected a list of 2",
        ),
        ("names: [a]\ncolors: red", "site.yaml': colors: 'red'; expected a list of 1"),
        ("names: [a]\ncolors: [[1, 2]]", r"site.yaml': colors: \[1, 2\] of 'a' is not .* 0 to 255"),
        ("names: [a]\ncolors: [[1, 2, 256]]", r"colors: \[1, 2, 256\] of 'a' is not .* 0 to 255"),
        ("names: [a]\ncolors: [[1, 2, 0.5]]", r"colors: \[1, 2, 0.5\] of 'a' is not .* 0 to 255"),
        (
            "names: [a]\ncolour: [[1, 2, 3]]",
            r"site.yaml': unknown fields \['colour'\]; known: name",
        ),
        ("- a\n- b", "site.yaml': a list; expected the fields names and colors"),
        ("names: [a", "site.yaml' is not a YAML file"),
    ],
)
def test_the_error_names_file_field_and_allowed_values(
    text: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(text)
    with pytest.raises(JetSegError, match=message):
        find_classes(str(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0", "classes: 0 is not one of 1 to 255"),
        ("256", "classes: 256 is not one of 1 to 255"),
        ("coco", "classes: 'coco' is not one of camvid11, .*, cocostuff171, a number"),
        ("absent.yaml", "no class file 'absent.yaml'"),
    ],
)
def test_a_set_that_is_none_is_refused(text: str, message: str) -> None:
    with pytest.raises(JetSegError, match=message):
        find_classes(text)


@given(st.integers(1, 255))
def test_every_class_has_its_own_color_and_none_is_black(number: int) -> None:
    assert len(find_classes(str(number))) == number
    assert len({(0, 0, 0), *distinct_colors(number)}) == number + 1


def test_a_class_set_is_read_as_it_was_written(tmp_path: Path) -> None:
    classes = ClassSet("Äcker", ("no", "1", "Straße: nass"), ((0, 200, 0), (90, 60, 30), (1, 2, 3)))
    write_classes(tmp_path / "classes.yaml", classes)
    assert read_classes(tmp_path / "classes.yaml") == classes
