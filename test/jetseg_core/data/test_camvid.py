"""The merge of CamVid's 32 classes, in colors, in names and in docs/data.md."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from jetseg_core.classes import CAMVID11, CAMVID32, UNLABELLED
from jetseg_core.data.camvid import CAMVID11_OF, MERGED_INTO
from jetseg_core.data.image_files import LabelReader

PAGE = Path(__file__).resolve().parents[3] / "docs" / "data.md"


def test_every_class_but_void_goes_into_one_of_the_eleven() -> None:
    assert tuple(MERGED_INTO) == CAMVID11.names
    assert set(CAMVID11_OF) == set(CAMVID32.names) - {"Void"}
    assert len(CAMVID11_OF) == sum(map(len, MERGED_INTO.values()))  # none is in two


def test_the_page_has_the_table_of_the_code() -> None:
    rows = re.findall(r"^\| (\w+) \| ([\w, ]+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    table = {whole: tuple(parts.split(", ")) for whole, parts in rows}
    assert {whole: table.get(whole) for whole in MERGED_INTO} == dict(MERGED_INTO)


def test_every_color_has_its_class_alpha_or_not() -> None:
    rgb = np.array([[*CAMVID32.palette, (128, 128, 129)]], np.uint8)  # (1, 33, 3)
    bgr = np.ascontiguousarray(rgb[..., ::-1])
    expected = [
        CAMVID11.names.index(CAMVID11_OF[name]) if name in CAMVID11_OF else UNLABELLED
        for name in CAMVID32.names
    ]
    assert LabelReader(CAMVID11).ids_of_colors(bgr)[0].tolist() == [*expected, UNLABELLED]
    for alpha in (0, 255):
        bgra = np.dstack([bgr, np.full(bgr.shape[:2], alpha, np.uint8)])
        assert LabelReader(CAMVID32).ids_of_colors(bgra)[0].tolist() == [*range(32), UNLABELLED]
