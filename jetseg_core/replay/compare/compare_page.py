"""A comparison for people: compare.html, and the summary in the terminal."""

from __future__ import annotations

from pathlib import Path

from jetseg_core.replay.compare.comparison import Comparison, DifferentFrame
from jetseg_core.replay.report.figures import judged
from jetseg_core.replay.report.frame_pictures import FramePictures, data_url, difference
from jetseg_core.replay.report.pages import write_page
from jetseg_core.replay.report.replay_report import Report, load_report, stamp_text
from jetseg_core.replay.report.report_page import Shot

FILE = "compare.html"


def save_comparison_page(out: Path, folders: tuple[Path, Path], found: Comparison) -> None:
    """Write compare.html.

    Args:
        out: folder of the page.
        folders: the two replays.
        found: their comparison.
    """
    reports = load_report(folders[0]), load_report(folders[1])
    with FramePictures(folders[0], reports[0]) as a, FramePictures(folders[1], reports[1]) as b:
        shots = [_shot(frame, (a, b), reports) for frame in found.most_different]
    write_page(
        out / FILE,
        "compare.html.jinja",
        found=found,
        name=Path(found.a.bag).name,
        colors=reports[0].colors,
        figures=judged(),
        shots=shots,
    )


def format_comparison(found: Comparison) -> str:
    """The comparison as a few lines of text."""
    common = f"{found.frames} frames in common, {found.labelled_frames} of them with ground truth"
    lines = [f"A  {found.a}", f"B  {found.b}", common, ""]
    lines.append(f"{'':<24}{'A':>9}{'B':>9}{'B - A':>9}   95 % interval")
    for key, one in found.figures.items():
        if one.difference is not None:
            row = f"{key:<24}{one.a:9.2f}{one.b:9.2f}{one.difference:+9.2f}"
            lines.append(f"{row}   {one.low:+.2f} to {one.high:+.2f}")
    return "\n".join([*lines, *map(str, found.gates)])


def _shot(
    frame: DifferentFrame,
    pictures: tuple[FramePictures, FramePictures],
    reports: tuple[Report, Report],
) -> Shot:
    a, b = (
        pictured.images(
            [camera.topic for camera in report.cameras].index(frame.topic),
            frame.stamp_ns,
            place.recorded_ns,
        )
        for pictured, report, place in zip(pictures, reports, (frame.a, frame.b), strict=True)
    )
    images = {
        "A": pictures[0].colored(a["label"]),
        "B": pictures[0].colored(b["label"]),
        "where they differ": difference(a["label"], b["label"], a["overlay"]),
    }
    if "truth" in a:
        images["label"] = pictures[0].colored(a["truth"])
    caption = (
        f"{frame.topic} at {stamp_text(frame.stamp_ns)} s: {frame.disagreement:.2f} % of pixels"
    )
    return Shot(caption, {name: data_url(image) for name, image in images.items()})
