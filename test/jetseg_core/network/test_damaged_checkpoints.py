"""Checkpoints that are damaged or made to harm: one line each, before anything large is built."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from jetseg_core.classes import CAMVID11
from jetseg_core.cli.main import main
from jetseg_core.errors import JetSegError
from jetseg_core.network.checkpoint import FORMAT, load_checkpoint
from jetseg_core.network.jetseg import JetSeg
from jetseg_core.network.model_config import ModelConfig

Damage = Callable[[dict[str, Any]], object]


def checkpoint() -> dict[str, Any]:
    return {
        "format": FORMAT,
        "config": ModelConfig().to_dict(),
        "classes": CAMVID11.to_dict(),
        "state_dict": dict(JetSeg(ModelConfig()).state_dict()),
        "provenance": {"epochs": 3},
    }


def put(*path: Any) -> Damage:
    """Replace the value at the path's keys by its last element."""
    *keys, last, value = path

    def damage(data: dict[str, Any]) -> None:
        for key in keys:
            data = data[key]
        data[last] = value

    return damage


def cycle(data: dict[str, Any]) -> None:
    data["provenance"]["itself"] = data["provenance"]


def doubled(data: dict[str, Any]) -> None:
    """2^40 values in 40 lists."""
    value: list[Any] = [1, 1]
    for _ in range(15):
        value = [value, value]
    data["provenance"]["data"] = [value] * 1000


def weight(change: Callable[[torch.Tensor], object], name: str = "classifier.bias") -> Damage:
    def damage(data: dict[str, Any]) -> None:
        weights = data["state_dict"]
        key = next(key for key in weights if key.endswith(name))
        weights[key] = change(weights[key])

    return damage


DAMAGES: dict[str, tuple[Damage, str]] = {
    "format, a tensor": (put("format", torch.zeros(3)), "format is a Tensor"),
    "format, a list": (put("format", [1]), r"format is \[1\]"),
    "no config": (lambda data: data.pop("config"), "no config"),
    "no state_dict": (lambda data: data.pop("state_dict"), "no state_dict"),
    "config, a list": (put("config", [1, 2]), r"model configuration: \[1, 2\]"),
    "config, a number": (put("config", 7), "model configuration: 7"),
    "config, keys that are no text": (put("config", {1: 2, "a": 3}), "key 1 is not a text"),
    "preset, a tensor": (put("config", "preset", torch.zeros(9)), r"preset: a Tensor"),
    "preset, a list": (put("config", "preset", ["nano"]), r"preset: \['nano'\] is not one of"),
    "attention, nested": (put("config", "attention", [["eca"]] * 3), "attention: .* is not three"),
    "attention, a number": (put("config", "attention", 3), "attention: '3' is not three"),
    "decoder, a list": (put("config", "decoder", ["fast"]), "decoder: .* is not the name"),
    "decoder, unknown": (put("config", "decoder", "slow"), "decoder: 'slow' is not one of"),
    "a wide decoder": (put("config", "decoder_channels", 10**7), "decoder_channels: 10000000"),
    "a float width": (put("config", "decoder_channels", 64.0), "decoder_channels: 64.0"),
    "deep": (put("config", "residual_blocks", [0, 10**6, 0, 0]), "residual_blocks: '0,1000000,0,0'"),
    "classes, a text": (put("classes", "camvid11"), "class set: 'camvid11'; expected name"),
    "classes, None": (put("classes", None), "class set: None"),
    "no names": (lambda data: data["classes"].pop("names"), "expected name, names and palette"),
    "names, numbers": (put("classes", "names", list(range(11))), "the name 0; expected"),
    "a name of a megabyte": (put("classes", "names", 0, "x" * 2**20), "expected 1 to 255"),
    "a name with an escape": (put("classes", "names", 0, "\x1b[2J"), "without control char"),
    "a name with half a letter": (put("classes", "names", 0, "\ud800"), "without control char"),
    "too few names": (put("classes", CAMVID11.to_dict() | {"names": ["a"], "palette": [[1, 2, 3]]}),
                      "1 names of classes for a network of 11"),
    "palette, inf": (put("classes", "palette", 0, [math.inf, 0, 0]), r"palette: \(inf, 0, 0\)"),
    "palette, text": (put("classes", "palette", 0, "red"), "palette: 'red'"),
    "palette, pairs": (put("classes", "palette", 0, [1, 2]), r"palette: \(1, 2\)"),
    "palette, a number": (put("classes", "palette", 5), "palette: 5; expected a list"),
    "provenance, a list": (put("provenance", []), "state_dict and provenance"),
    "provenance with a tensor": (put("provenance", "a", torch.zeros(5)), "provenance.a: a Tensor"),
    "provenance with a cycle": (cycle, "nested more than 20 levels deep, or in a cycle"),
    "provenance that expands": (doubled, "provenance: more than 100000 values"),
    "state_dict, a list": (put("state_dict", []), "state_dict and provenance"),
    "weights, empty": (put("state_dict", {}), "weights that do not fit"),
    "weights, a text": (weight(lambda w: "0.5"), "'0.5'; expected a dense tensor"),
    "weights, sparse": (weight(lambda w: w.to_sparse()), "expected a dense tensor"),
    "weights on no device": (weight(lambda w: w.to("meta")), "expected a dense tensor"),
    "weights, complex": (weight(lambda w: w.to(torch.complex64)), "no finite numbers"),
    "weights, repeated": (weight(lambda w: torch.zeros(1).expand(10**11)), "more values than the file holds"),
    "weights, NaN": (weight(lambda w: w * math.nan), "no finite numbers"),
    "weights, inf": (weight(lambda w: w / 0), "no finite numbers"),
    "weights of another shape": (weight(lambda w: w[:3].clone()), "weights that do not fit"),
    "negative variance": (weight(lambda w: -w, "running_var"), "variances below zero"),
}  # fmt: skip


@pytest.fixture(scope="module")
def sound() -> dict[str, Any]:
    return checkpoint()


@pytest.mark.parametrize("case", DAMAGES)
def test_a_damaged_checkpoint_is_refused_in_one_line(
    case: str, sound: dict[str, Any], tmp_path: Path
) -> None:
    damage, message = DAMAGES[case]
    data = sound | {
        "config": ModelConfig().to_dict(),
        "classes": CAMVID11.to_dict(),
        "state_dict": dict(sound["state_dict"]),
        "provenance": {},
    }
    damage(data)
    torch.save(data, tmp_path / "a.pt")
    with pytest.raises(JetSegError, match=message) as raised:
        load_checkpoint(tmp_path / "a.pt")
    text = str(raised.value)
    assert "\n" not in text
    assert len(text) < 1200
    assert str(tmp_path / "a.pt") in text


def test_a_zip_bomb_is_refused_by_its_stated_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jetseg_core.network.checkpoint.LARGEST_FILE", 2**24)
    path = tmp_path / "bomb.pt"
    torch.save(checkpoint(), path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data/999", bytes(2**24))
    assert path.stat().st_size < 2**20
    with pytest.raises(JetSegError, match="more than 16 MiB, packed or unpacked"):
        load_checkpoint(path)


def test_flipped_bits_are_refused_or_harmless(sound: dict[str, Any], tmp_path: Path) -> None:
    """Damage in the parts that describe the model; weights are guarded by a checksum each."""
    path = tmp_path / "a.pt"
    torch.save(sound | {"state_dict": {}}, path)
    content = path.read_bytes()
    for place in range(0, len(content), 7):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.raises(JetSegError):
            load_checkpoint(path)


def test_commands_end_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = checkpoint()
    cycle(data)
    path = str(tmp_path / "a.pt")
    torch.save(data, path)
    for command in (["info", "--checkpoint", path], ["export", "--checkpoint", path]):
        with pytest.raises(SystemExit) as end:
            main(command)
        assert end.value.code == 2
        assert capsys.readouterr().err.count("\n") == 1
