"""Text files made to harm: bombs of aliases, files without end; and values too large to print."""

from __future__ import annotations

import math
import os
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jetseg_core.classes.class_file import find_classes
from jetseg_core.cli.main import main
from jetseg_core.errors import JetSegError
from jetseg_core.plain_data import check_plain, read_yaml, short
from jetseg_core.training.train_config import read_settings

STEPS = list(pairwise("abcdefghi"))
ALIASES = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in STEPS)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{b}: &{b} {{<<: [{', '.join([f'*{a}'] * 9)}]}}\n" for a, b in STEPS
)


def nested(depth: int) -> list[Any]:
    value: list[Any] = [0]
    for _ in range(depth):
        value = [value, value]
    return value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a" * 10**6, "'aaa.*aaa'"),
        (nested(60), r"\[\[.*"),
        (10**5000, "an integer of 16610 bits"),
        (np.zeros(3), "a ndarray"),
        ({"a": 1.5, "b": None}, r"\{'a': 1.5, 'b': None\}"),
    ],
    ids=["text", "lists", "number", "array", "sound"],
)
def test_values_in_messages_are_short(value: object, text: str) -> None:
    assert re.fullmatch(text, short(value))
    assert len(short(value)) < 200


def test_plain_data_is_bounded() -> None:
    check_plain({"a": [1, "b", {"c": [None, True, math.nan]}]}, "data")
    with pytest.raises(JetSegError, match="more than 20 levels"):
        check_plain(nested(30)[:1], "data")
    with pytest.raises(JetSegError, match="more than 100000 values"):
        check_plain(nested(18), "data")
    with pytest.raises(JetSegError, match=r"data\.a: \{1\}; expected"):
        check_plain({"a": {1}}, "data")
    with pytest.raises(JetSegError, match="the key 0 is not a text"):
        check_plain({0: 1}, "data")


@pytest.mark.parametrize(
    "text",
    [ALIASES, MERGES, "[" * 20_000, "date: 2001-99-99", "n: " + "9" * 5000, "a: !!python/none x", "a: [", "\0"],
    ids=["aliases", "merges", "brackets", "date", "digits", "tag", "open", "nul"],
)  # fmt: skip
def test_yaml_that_is_none_or_expands_is_one_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    with pytest.raises(ValueError) as raised:
        read_yaml(file)
    assert "\n" not in str(raised.value)
    for read in (lambda: find_classes(str(file)), lambda: read_settings(file)):
        with pytest.raises(JetSegError, match=r"a\.yaml'") as refused:
            read()
        assert len(str(refused.value)) < 1000 and "\n" not in str(refused.value)


@pytest.mark.parametrize("suffix", [".csv", ".yaml"])
@pytest.mark.parametrize("kind", ["device", "pipe", "large", "binary", "folder"])
def test_a_class_file_without_end_or_without_text_is_refused(
    kind: str, suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"class_dict{suffix}"
    if kind == "device":
        file.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "large":
        file.write_bytes(b"name,r,g,b\n" + bytes(2**21))
    elif kind == "binary":
        file.write_bytes(bytes(range(256)))
    else:
        file.mkdir()
    with pytest.raises(SystemExit) as end:
        main(["evaluate", "--data", str(tmp_path), "--classes", str(file)])
    assert end.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_class_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(b"\xef\xbb\xbfnames: [road, other]\n")
    assert find_classes(str(file)).names == ("road", "other")
