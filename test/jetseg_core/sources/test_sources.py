"""Frame sources: folders, videos, the generator, and what is none of them."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from jetseg_core.classes import CITYSCAPES19
from jetseg_core.cli.main import main
from jetseg_core.errors import JetSegError
from jetseg_core.sources import FolderSource, GeneratorSource, VideoSource, open_source
from jetseg_core.street import StreetScene


@pytest.fixture
def pictures() -> list[np.ndarray]:
    """Five flat pictures of different colors, (48, 64, 3) RGB."""
    return [np.full((48, 64, 3), (40 * i, 20, 200 - 40 * i), np.uint8) for i in range(5)]


@pytest.fixture
def folder(tmp_path: Path, pictures: list[np.ndarray]) -> Path:
    """The pictures as PNG files, written out of order; the first and third have labels."""
    for directory in ("drive", "driveannot"):
        (tmp_path / directory).mkdir()
    for index in (3, 0, 4, 2, 1):
        file = tmp_path / "drive" / f"{index:03d}.png"
        cv2.imwrite(str(file), cv2.cvtColor(pictures[index], cv2.COLOR_RGB2BGR))
    for index in (0, 2):
        labels = np.full((48, 64), index, np.uint8)
        labels[:10] = 11  # void
        cv2.imwrite(str(tmp_path / "driveannot" / f"{index:03d}.png"), labels)
    (tmp_path / "drive" / "notes.txt").write_text("not a picture")
    return tmp_path / "drive"


@pytest.fixture
def video(tmp_path: Path, pictures: list[np.ndarray]) -> Path:
    """The pictures as a video of 20 frames per second."""
    file = tmp_path / "drive.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 20.0, (64, 48))
    for picture in pictures:
        writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    writer.release()
    return file


def test_folder(folder: Path, pictures: list[np.ndarray]) -> None:
    source = open_source(str(folder))
    assert isinstance(source, FolderSource) and len(source) == 5 and source.rate_hz is None
    for _ in range(2):  # it can be read again
        frames = list(source)
        assert [frame.name for frame in frames] == ["000", "001", "002", "003", "004"]
        for frame, picture in zip(frames, pictures, strict=True):
            np.testing.assert_array_equal(frame.image, picture)
            assert frame.stamp_ns is None
    assert [frame.labels is not None for frame in frames] == [True, False, True, False, False]
    labels = frames[2].labels
    assert labels is not None and (labels[:10] == 255).all() and (labels[10:] == 2).all()


def test_folder_with_labels_of_another_size(folder: Path) -> None:
    file = folder.with_name("driveannot") / "002.png"
    cv2.imwrite(str(file), np.zeros((24, 32), np.uint8))
    frames = iter(FolderSource(folder))
    next(frames), next(frames)
    with pytest.raises(JetSegError, match=r"002\.png: labels of shape \(24, 32\)"):
        next(frames)


def test_video(video: Path, pictures: list[np.ndarray]) -> None:
    source = open_source(str(video))
    assert isinstance(source, VideoSource) and len(source) == 5
    assert source.rate_hz == pytest.approx(20.0)
    for _ in range(2):
        frames = list(source)
        assert len(frames) == 5
        for frame, picture in zip(frames, pictures, strict=True):
            assert np.abs(frame.image.astype(int) - picture).max() < 12  # JPEG
            assert frame.labels is None
    stamps = [frame.stamp_ns for frame in frames]
    assert stamps == pytest.approx([i * 50_000_000 for i in range(5)], abs=1_000_000)
    assert len({frame.name for frame in frames}) == 5


def test_generator() -> None:
    source = open_source("generator:frames=2,size=160x96,seed=7,rate=5")
    assert isinstance(source, GeneratorSource) and len(source) == 2 and source.rate_hz == 5.0
    frames = list(source)
    assert [frame.stamp_ns for frame in frames] == [0, 200_000_000]
    image, labels = StreetScene(seed=7, size=(96, 160), rate_hz=5.0).render(1)
    np.testing.assert_array_equal(frames[1].image, image)
    assert frames[1].labels is not None
    np.testing.assert_array_equal(frames[1].labels, labels)


def test_the_street_has_no_labels_of_other_classes() -> None:
    source = open_source("generator:frames=1,size=96x64", CITYSCAPES19)
    assert [frame.labels for frame in source] == [None]
    assert "of camvid11, not of 'cityscapes19'" in source.labels_note


def missing(folder: Path) -> str:
    return str(folder / "nothing")


def empty(folder: Path) -> str:
    (folder / "empty").mkdir()
    return str(folder / "empty")


def one_picture(folder: Path) -> str:
    return str(folder / "000.png")


def text(folder: Path) -> str:
    return str(folder / "notes.txt")


def broken_video(folder: Path) -> str:
    (folder / "broken.mp4").write_bytes(b"this is no video")
    return str(folder / "broken.mp4")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (missing, "nothing: no such file or folder; expected a rosbag2 recording"),
        (empty, "empty: no image in this folder; expected files ending in .*png"),
        (one_picture, "000.png: not a source of frames; give the folder that it lies in"),
        (text, "notes.txt: not a source of frames; expected a rosbag2"),
        (broken_video, "broken.mp4: cannot be opened as a video"),
        (lambda _: "generator:colour=red", "no option 'colour'"),
        (lambda _: "generator:frames=many", "'generator:frames=many': .*expected"),
        (lambda _: "generator:frames=0", "frames=0; expected 1 or more"),
        (lambda _: "generator:size=big", "'big' is not WIDTHxHEIGHT"),
        (lambda _: "generator:rate=0", "rate=0; expected more than 0"),
    ],
)
def test_paths_that_are_no_source(folder: Path, make: Callable[[Path], str], message: str) -> None:
    with pytest.raises(JetSegError, match=message):
        open_source(make(folder))


def test_a_broken_picture_is_left_out_and_named(folder: Path) -> None:
    (folder / "001.png").write_bytes(b"this is no picture")
    source = FolderSource(folder)
    assert [frame.name for frame in source] == ["000", "002", "003", "004"]
    assert source.unreadable == 1 and "001.png: not an image" in source.warnings[0]


def test_a_folder_without_any_readable_picture(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"this is no picture")
    with pytest.raises(JetSegError, match=r"no frame can be read; the first one: .*a\.jpg: not an"):
        list(FolderSource(tmp_path))


def test_pictures_of_one_stem_and_hidden_and_tiny_ones(tmp_path: Path) -> None:
    for name in ("a.png", "a.jpg", "a.png.jpg", "b.PNG", "._b.png", "b_label.png"):
        cv2.imwrite(str(tmp_path / "picture.png"), np.full((1, 1, 3), 9, np.uint8))
        (tmp_path / "picture.png").rename(tmp_path / name)
    source = FolderSource(tmp_path)
    frames = list(source)
    # ._b is a file of macOS; b_label is the user's own, whatever its name.
    assert [frame.name for frame in frames] == ["a.jpg", "a.png", "a.png.jpg", "b", "b_label"]
    assert {frame.image.shape for frame in frames} == {(1, 1, 3)} and source.warnings == []


def test_pictures_that_jetseg_has_written_are_left_out(folder: Path, tmp_path: Path) -> None:
    """By their mark, under any name."""
    out = tmp_path / "out"
    main(["predict", str(folder), "--out", str(out), "--size", "96", "128"])
    shutil.copy(out / "001_overlay.png", folder / "mine.png")
    shutil.copy(out / "001_label.png", folder)
    source = FolderSource(folder)
    assert [frame.name for frame in source] == ["000", "001", "002", "003", "004"]
    (warning,) = source.warnings
    assert warning == "left out, results of JetSeg: 2 images, such as 001_label.png"
    with pytest.raises(
        JetSegError, match=r"out: nothing but results of JetSeg: 10 images, such as"
    ):
        FolderSource(out)


@pytest.mark.parametrize(
    ("matrix", "turns"),
    [((0, 1, -1, 0), 1), ((-1, 0, 0, -1), 2), ((0, -1, 1, 0), 3)],
    ids=["90", "180", "270"],
)
def test_a_phone_s_video_is_turned_as_players_show_it(
    matrix: tuple[int, ...], turns: int, tmp_path: Path
) -> None:
    file = tmp_path / "phone.mp4"
    picture = np.zeros((96, 128, 3), np.uint8)
    picture[:48, :64] = 255  # upper left
    with av.open(str(file), "w") as container:
        stream: Any = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    content = bytearray(file.read_bytes())
    place = content.index(b"tkhd") + 44  # the track's matrix (ISO 14496-12, 8.3.2)
    a, b, c, d = (value << 16 for value in matrix)
    content[place : place + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    file.write_bytes(content)
    expected = np.rot90(picture, -turns)  # clockwise
    for frame in VideoSource(file):
        assert frame.image.shape == expected.shape
        assert np.abs(frame.image.astype(int) - expected).mean() < 20


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nother.avi\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile other.avi\n",
        "<?xml version='1.0'?><MPD><Period><BaseURL>other.avi</BaseURL></Period></MPD>",
    ],
    ids=["hls", "concat", "dash"],
)
def test_a_playlist_with_the_name_of_a_video_is_refused(
    playlist: str, video: Path, tmp_path: Path
) -> None:
    """A playlist would make it read another file, or an address on the network."""
    video.rename(tmp_path / "other.avi")
    (tmp_path / "list.mp4").write_text(playlist)
    with pytest.raises(JetSegError, match=r"list\.mp4: cannot be opened as a video"):
        open_source(str(tmp_path / "list.mp4"))


@pytest.mark.parametrize("name", ["a:b.avi", "50%d.avi", "#?.avi"])
def test_any_character_may_stand_in_a_video_s_path(name: str, video: Path, tmp_path: Path) -> None:
    video.rename(tmp_path / name)
    assert len(list(VideoSource(tmp_path / name))) == 5


def test_a_video_that_is_damaged_in_the_middle(video: Path) -> None:
    """A frame of MJPEG that lost its header; those around it are read."""
    content = bytearray(video.read_bytes())
    places = [i for i in range(len(content) - 1) if content[i : i + 2] == b"\xff\xda"]
    begin = content.rindex(b"\xff\xd8", 0, places[2])
    content[begin : places[2]] = bytes(places[2] - begin)
    video.write_bytes(content)
    source = VideoSource(video)
    assert len(list(source)) == 4 and source.unreadable == 1
    assert "damaged" in source.warnings[0]
