"""Maps between class sets: the shipped one, your own, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jetseg_core.classes import CAMVID11, CITYSCAPES19
from jetseg_core.classes.class_map import find_class_map, shipped_maps
from jetseg_core.errors import JetSegError
from jetseg_core.runtime import Runtime, RuntimeSettings, create_runtime


def test_the_shipped_map_has_a_class_for_each() -> None:
    assert shipped_maps() == ["cityscapes19-to-camvid11"]
    found = find_class_map("cityscapes19-to-camvid11")
    assert (found.source, found.target) == (CITYSCAPES19, CAMVID11)
    assert set(found.lookup_table[:19]) == set(range(11))
    assert (found.lookup_table[19:] == 255).all()
    for name, target in (("road", "Road"), ("terrain", "Tree"), ("bus", "Car")):
        assert found.lookup_table[CITYSCAPES19.names.index(name)] == CAMVID11.names.index(target)


def test_a_runtime_gives_the_classes_of_the_target(
    tmp_path: Path, street: tuple[np.ndarray, np.ndarray]
) -> None:
    rough = tmp_path / "rough.yaml"
    (tmp_path / "two.yaml").write_text("names: [ground, thing]\n")
    lines = [f"  {n}: {'ground' if n in ('Road', 'Sidewalk') else 'thing'}" for n in CAMVID11.names]
    text = f"from: camvid11\nto: {tmp_path / 'two.yaml'}\nclasses:\n" + "\n".join(lines)
    rough.write_text(text.replace("Sky: thing", "Sky: null"))

    def runtime_with(*maps: str) -> Runtime:
        return create_runtime(RuntimeSettings(backend="onnxruntime", class_maps=maps))

    plain = runtime_with().segment(street[0]).labels
    runtime = runtime_with(str(rough))
    assert runtime.description.classes.names == ("ground", "thing")
    assert runtime.description.class_map == "rough"
    expected = np.where(plain == 0, 255, np.where((plain == 3) | (plain == 4), 0, 1))
    np.testing.assert_array_equal(runtime.segment(street[0]).labels, expected)
    # The target's own classes stay as they are; classes of neither are refused.
    same = runtime_with("cityscapes19-to-camvid11")
    assert (same.description.classes, same.description.class_map) == (CAMVID11, "")
    rough.write_text("from: '2'\nto: '1'\nclasses: {class 0: class 0, class 1: null}\n")
    with pytest.raises(
        JetSegError, match=r"map: rough \(from '2 classes'\) is not for the classes"
    ):
        runtime_with(str(rough))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("from: '1'\nto: '1'\nclasses: {}", "'class 0': it has no line for it"),
        ("from: '1'\nto: '1'\nclasses: {class 0: null, b: null}", "'b': it maps it, but"),
        ("from: '1'\nto: '1'\nclasses: {class 0: b}", "'b': it maps to it, but '1 classes' has"),
        ("from: '1'\nclasses: {}", "expected the fields from, to, classes"),
        ("from: '1'\nto: '1'\nclasses: [b]", "expected a line"),
        ("from: [", "is not a YAML file"),
    ],
)
def test_the_error_of_a_wrong_map_names_the_fault(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(text)
    with pytest.raises(JetSegError, match=message):
        find_class_map(str(path))
    with pytest.raises(JetSegError, match="neither a shipped map"):
        find_class_map("cityscapes")
