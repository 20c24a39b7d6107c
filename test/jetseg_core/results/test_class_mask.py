"""Masks, and Autoware's run lengths: read back by a decoder that was written from the format's description."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from jetseg_core.classes import CAMVID11, CITYSCAPES19, UNLABELLED
from jetseg_core.errors import JetSegError
from jetseg_core.recording.message_fields import Fields
from jetseg_core.results.class_mask import (
    AUTOWARE_CLASSES,
    autoware_table,
    check_class_names,
    mask_table,
    parse_autoware,
    run_length_fields,
)
from jetseg_core.street import StreetScene


def decoded(fields: Fields) -> np.ndarray:
    """The mask that Autoware's node makes of the message: runs fill the image row by row.

    A run is a byte with the id and four with the length (a C int, memcpy'd). Autoware checks no bounds, so
    this one does.
    """
    data, pixels = bytes(fields["data"]), fields["height"] * fields["width"]
    assert len(data) % 5 == 0
    flat: list[int] = []
    for start in range(0, len(data), 5):
        number, length = struct.unpack_from("<Bi", data, start)
        assert length > 0
        flat += [number] * length
        assert len(flat) <= pixels, "it would write beyond the image"
    assert len(flat) == pixels, "part of the image would stay 0"
    return np.array(flat, np.uint8).reshape(fields["height"], fields["width"])


def random_labels(shape: tuple[int, int]) -> np.ndarray:
    rng = np.random.default_rng(shape[0])
    return rng.integers(0, 12, shape).astype(np.uint8) * rng.integers(0, 2, shape).astype(np.uint8)


@pytest.mark.parametrize(
    "labels",
    [
        StreetScene(seed=1, size=(120, 160)).render(5)[1],
        random_labels((37, 53)),
        np.full((48, 64), 3, np.uint8),  # one run
        np.full((48, 64), UNLABELLED, np.uint8),
        np.arange(256, dtype=np.uint8)[None],  # every value, one row
        np.array([[5]], np.uint8),
    ],
    ids=["street", "random", "road", "unlabelled", "all", "pixel"],
)
def test_runs_are_the_mapped_labels_and_never_more(labels: np.ndarray) -> None:
    table = autoware_table(CAMVID11.names)
    fields = run_length_fields(labels, table)
    np.testing.assert_array_equal(decoded(fields), table[labels])
    assert (fields["encoding"], fields["step"]) == ("mono8", labels.shape[1])
    runs = np.frombuffer(bytes(fields["data"]), np.uint8)[::5]
    assert np.all(
        runs[1:] != runs[:-1]
    )  # equal neighbours are one run, across the ends of rows, too


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            CAMVID11.names,
            {
                "Road": "ROAD",
                "Car": "VEHICLE",
                "Sky": "SKY",
                "Tree": "VEGETATION",
                "Pedestrian": "PERSON",
            },
        ),
        (
            CITYSCAPES19.names,
            {
                "road": "ROAD",
                "rider": "PERSON",
                "bus": "VEHICLE",
                "bicycle": "BIKE",
                "traffic light": "TRAFFIC_LIGHT",
            },
        ),
    ],
    ids=["camvid11", "cityscapes19"],
)
def test_the_shipped_sets_have_a_class_of_autoware_for_each_of_theirs(
    names: tuple[str, ...], expected: dict[str, str]
) -> None:
    table = autoware_table(names)
    assert np.all(table[: len(names)] > 0) and not table[len(names) :].any()
    assert table[UNLABELLED] == 0  # UNKNOWN
    for name, target in expected.items():
        assert AUTOWARE_CLASSES[table[names.index(name)]] == target
    # The ids of segmentation_pointcloud_fusion's own list.
    assert [AUTOWARE_CLASSES.index(n) for n in ("PERSON", "VEHICLE", "ROAD", "SKY")] == [
        6,
        7,
        9,
        15,
    ]


def test_entries_come_before_the_shipped_ones() -> None:
    table = autoware_table(
        ("Road", "Puddle", "Moose"), ("road: CROSSWALK", "", "Puddle : road_paint")
    )
    assert [AUTOWARE_CLASSES[i] for i in table[:3]] == ["CROSSWALK", "ROAD_PAINT", "UNKNOWN"]
    for bad in ("Road", "Road: STREET", ": ROAD", "Road ROAD"):
        with pytest.raises(JetSegError, match=f"option: '{bad}': expected 'CLASS: AUTOWARE_CLASS'"):
            parse_autoware("option", [bad])


def test_a_mask_is_the_named_classes() -> None:
    table = mask_table(CAMVID11.names, ("pedestrian", "Car"), 255)
    assert set(np.flatnonzero(table)) == {CAMVID11.names.index(n) for n in ("Car", "Pedestrian")}
    assert set(table.tolist()) == {0, 255} and table[UNLABELLED] == 0
    assert mask_table(CAMVID11.names, ("Car",), 1).max() == 1
    check_class_names("option", ("pedestrian", "Car"), CAMVID11.names)
    with pytest.raises(
        JetSegError, match=r"option: the model has no class 'Moose'; it has Sky, Buil"
    ):
        check_class_names("option", ("Car", "Moose"), CAMVID11.names)
