"""16-bit images whose low bits alone are in use: --mono16-bits means what the node's input.mono16_bits does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from jetseg_core.cli.main import main
from jetseg_core.recording.message_types import bag_types
from jetseg_core.sources import Frame, open_source

SIZE_OPTION = ["--size", "96", "128"]
TOPIC = "/front/image_raw"


def gray(frame: Frame) -> np.ndarray:
    return cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY)


def twelve_bits(frame: Frame) -> np.ndarray:
    """What a camera of 12 bits makes of it: noise in the low four bits, and one value beyond the range."""
    values = gray(frame).astype(np.uint16) << 4 | 9
    values[0, 0] = 5000
    return values


def expected(frame: Frame) -> np.ndarray:
    pixels = gray(frame)
    pixels[0, 0] = 255
    return cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB)


def raw(kind: str, pixels: np.ndarray, head: Any, big_endian: int = 0) -> Any:
    data = pixels.astype(f"{'>' if big_endian else '<'}u{pixels.itemsize}").tobytes()
    return bag_types().types["sensor_msgs/msg/Image"](
        header=head, height=pixels.shape[0], width=pixels.shape[1], encoding=kind, is_bigendian=big_endian,
        step=pixels.shape[1] * pixels.itemsize, data=np.frombuffer(data, np.uint8),
    )  # fmt: skip


def png(frame: Frame, head: Any) -> Any:
    return bag_types().types["sensor_msgs/msg/CompressedImage"](
        header=head,
        format="mono16; png compressed",
        data=cv2.imencode(".png", twelve_bits(frame))[1].ravel(),
    )


MAKERS: dict[str, Callable[[Frame, Any], Any]] = {
    "little-endian": lambda frame, head: raw("mono16", twelve_bits(frame), head),
    "big-endian": lambda frame, head: raw("mono16", twelve_bits(frame), head, 1),
    "png": png,
}


@pytest.fixture
def folder(tmp_path: Path, street_frames: list[Frame]) -> Path:
    """16-bit images in files, gray and in color."""
    (tmp_path / "images").mkdir()
    for number, frame in enumerate(street_frames[:3]):
        pixels = twelve_bits(frame)
        if number == 1:
            pixels = np.dstack([pixels] * 3)
        name = f"{number}.{'tiff' if number == 2 else 'png'}"
        assert cv2.imwrite(str(tmp_path / "images" / name), pixels)
    return tmp_path / "images"


@pytest.mark.parametrize("maker", MAKERS)
def test_messages(write_drive: Any, street_frames: list[Frame], maker: str) -> None:
    bag = write_drive({TOPIC: MAKERS[maker]})
    with open_source(str(bag), mono16_bits=12) as source:
        for found, frame in zip(source, street_frames, strict=True):
            np.testing.assert_array_equal(found.image, expected(frame))
    with open_source(str(bag)) as source:  # as if all 16 bits were in use
        for found, frame in zip(source, street_frames, strict=True):
            np.testing.assert_array_equal(found.image[..., 0], twelve_bits(frame) >> 8)


def test_files(folder: Path, street_frames: list[Frame]) -> None:
    for found, frame in zip(open_source(str(folder), mono16_bits=12), street_frames, strict=False):
        np.testing.assert_array_equal(found.image, expected(frame))
    for found, frame in zip(open_source(str(folder)), street_frames, strict=False):
        np.testing.assert_array_equal(found.image[..., 0], twelve_bits(frame) >> 8)


def test_files_of_eight_bits_stay_as_they_are(tmp_path: Path, street_frames: list[Frame]) -> None:
    picture = street_frames[0].image[..., ::-1]
    for suffix in ("png", "jpg", "bmp", "webp"):
        cv2.imwrite(str(tmp_path / f"a.{suffix}"), picture)
    plain, given = open_source(str(tmp_path)), open_source(str(tmp_path), mono16_bits=10)
    for one, other in zip(plain, given, strict=True):
        np.testing.assert_array_equal(one.image, other.image)


def shares(out: Path) -> tuple[dict[str, float], Any]:
    report = json.loads((out / "report.json").read_text())
    return report["occupancy"], report.get("mono16_bits")


def test_replays_and_comparisons(write_drive: Any, tmp_path: Path) -> None:
    """Labels of a camera of 12 bits are those of the same pictures of 8; a comparison takes over the setting."""
    plain = write_drive(
        {TOPIC: lambda frame, head: raw("mono8", expected(frame)[..., 0], head)}, name="plain"
    )
    deep = write_drive({TOPIC: MAKERS["little-endian"]})
    out = {name: tmp_path / name / "out" for name in ("eight", "twelve", "sixteen")}
    main(["replay", str(plain), "--out", str(out["eight"]), *SIZE_OPTION])
    command = ["replay", str(deep), *SIZE_OPTION, "--out"]
    main([*command, str(out["twelve"]), "--mono16-bits", "12"])
    main([*command, str(out["sixteen"])])
    of_eight, bits = shares(out["eight"])
    assert bits is None and shares(out["twelve"]) == (of_eight, 12)
    assert shares(out["sixteen"])[0] != of_eight
    pair = [str(out["twelve"]), "nano_camvid11"]
    main(["compare", *pair, "--out", str(tmp_path / "c"), *SIZE_OPTION])
    assert shares(tmp_path / "c" / "b")[1] == 12
    main(["compare", *pair, "--out", str(tmp_path / "c"), *SIZE_OPTION, "--mono16-bits", "16"])
    assert shares(tmp_path / "c" / "b")[1] is None


def test_predictions_and_replays_of_files(
    folder: Path, tmp_path: Path, street_frames: list[Frame]
) -> None:
    (tmp_path / "plain").mkdir()
    for number, frame in enumerate(street_frames[:3]):
        cv2.imwrite(str(tmp_path / "plain" / f"{number}.png"), expected(frame))
    option = ["--mono16-bits", "12"]
    for name, source, extra in (("a", folder, option), ("b", tmp_path / "plain", [])):
        main(["predict", str(source), "--out", str(tmp_path / name), *SIZE_OPTION, *extra])
        main(["replay", str(source), "--out", str(tmp_path / f"r{name}"), *SIZE_OPTION, *extra])
    for kind in ("label", "overlay"):
        for number in range(3):
            first, second = (
                cv2.imread(str(tmp_path / name / f"{number}_{kind}.png"), cv2.IMREAD_UNCHANGED)
                for name in "ab"
            )
            np.testing.assert_array_equal(first, second)
    assert shares(tmp_path / "ra") == (shares(tmp_path / "rb")[0], 12)


SAID = "16-bit images are nearly black: no value is over 5119 of 65535; if the camera fills the low 14 bits"


@pytest.mark.parametrize("command", ["predict", "replay"])
@pytest.mark.parametrize("source", [*MAKERS, "files"])
def test_pictures_that_are_nearly_black_are_warned_of_once(
    command: str,
    source: str,
    write_drive: Any,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = folder if source == "files" else write_drive({TOPIC: MAKERS[source]})
    words = [command, str(given), *SIZE_OPTION, "--out"]
    main([*words, str(tmp_path / "dark")])
    said = capsys.readouterr().err
    assert said.count(SAID) == 1 and "set --mono16-bits to 14" in said
    main([*words, str(tmp_path / "bright"), "--mono16-bits", "12"])
    assert "nearly black" not in capsys.readouterr().err


@pytest.mark.parametrize("suffix", ["png", "tiff", "bmp"])
def test_a_dark_picture_of_eight_bits_is_just_dark(tmp_path: Path, suffix: str) -> None:
    cv2.imwrite(str(tmp_path / f"night.{suffix}"), np.full((96, 128), 3, np.uint8))
    source = open_source(str(tmp_path))
    assert [frame.image.max() for frame in source] == [3] and source.warnings == []


@pytest.mark.parametrize("bits", ["7", "17", "-1"])
@pytest.mark.parametrize("command", ["predict", "replay"])
def test_bits_out_of_range_are_refused(
    command: str, bits: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "generator", "--out", str(tmp_path / "out"), "--mono16-bits", bits])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert f"--mono16-bits: {bits} is out of range; expected 8 to 16" in said
    assert said.count("\n") == 1 and not (tmp_path / "out").exists()


def test_a_replay_is_resumed_with_the_same_bits(
    write_drive: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["replay", str(write_drive({TOPIC: MAKERS["png"]})), *SIZE_OPTION, "--out", str(out)]
    main([*command, "--mono16-bits", "12"])
    with pytest.raises(SystemExit):
        main([*command, "--resume"])
    assert "differs in 'mono16_bits' (12 and not None)" in capsys.readouterr().err
