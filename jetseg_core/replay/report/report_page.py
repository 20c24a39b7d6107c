"""The report of a replay for people: report.html, and the summary in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from jetseg_core.classes import UNLABELLED
from jetseg_core.replay.report.charts import Chart, line, stacked_areas
from jetseg_core.replay.report.figures import FIGURES, MIOU, judged
from jetseg_core.replay.report.frame_pictures import (
    TIMELINE_WIDTH,
    FramePictures,
    data_url,
    difference,
)
from jetseg_core.replay.report.pages import write_page
from jetseg_core.replay.report.replay_report import (
    Curve,
    FrameFigures,
    FrameTotals,
    ReplaySetup,
    Report,
    stamp_text,
)
from jetseg_core.replay.report.typed_json import to_plain
from jetseg_core.replay.run.overlay_video import video_paths

FILE = "report.html"


@dataclass(frozen=True)
class CurveChart:
    """A chart over time, and the curves that the script reads out under the pointer."""

    title: str
    chart: Chart
    place: list[str | int]
    """Number of the camera, then keys in its series."""
    scale: float
    unit: str


@dataclass(frozen=True)
class Shot:
    """Pictures of a frame, side by side."""

    caption: str
    panels: dict[str, str]
    """Data URL of each picture, by its name."""


def save_page(folder: Path, report: Report) -> None:
    """Write report.html beside the replay's bag, which holds the frames that it shows."""
    files = video_paths(folder, [camera.prefix for camera in report.cameras])
    topics = [camera.topic for camera in report.cameras]
    of_frames = [figure for figure in judged() if figure.of_frames and report.has(figure)]
    with FramePictures(folder, report) as pictures:
        overlays = [
            data_url(_images(pictures, frame)["overlay"], TIMELINE_WIDTH)
            for frame in report.timeline
        ]
        extremes = {
            name: [_shot(pictures, frame) for frame in frames]
            for name, frames in (("Worst frames", report.worst), ("Best frames", report.best))
        }
    write_page(
        folder / FILE,
        "report.html.jinja",
        report=report,
        name=Path(report.bag).name,
        of_frames=of_frames,
        videos={
            topic: quote(file.name)
            for topic, file in zip(topics, files, strict=True)
            if file.is_file()
        },
        curves=[*_curves(report)],
        extremes={name: shots for name, shots in extremes.items() if shots},
        data={
            "timeline": [
                to_plain(frame) | {"stamp": stamp_text(frame.stamp_ns)} for frame in report.timeline
            ],
            "figures": {
                "latency_ms": {"unit": "ms", "scale": 1, "digits": 1},
                **{
                    one.key: {"unit": one.unit, "scale": one.scale, "digits": one.digits}
                    for one in of_frames
                },
            },
            "pictures": overlays,
            "topics": topics,
            "series": [to_plain(camera.series) for camera in report.cameras],
        },
    )


def format_report(report: Report, folder: Path) -> str:
    """The main figures as text, and the places of the results."""
    lines = [model_line(report), frames_line(report)]
    for camera in report.cameras:
        rate = f"{camera.rate_hz:.1f} frames/s" if camera.rate_hz else "a single stamp"
        gaps = f"{camera.gaps.count} gaps, {camera.gaps.missing_frames} frames missing"
        lines.append(f"{'Camera':<17}{camera.topic}: {camera.frames} frames, {rate}, {gaps}")
    lines += figure_lines(report)
    columns = [figure for figure in report.class_figures if figure in judged()]
    head = "".join(f"{figure.heading:>10}" for figure in columns)
    lines += ["", f"{'Class':<17}{'Share':>9}{head}"]
    for name, share in report.occupancy.items():
        cells = (f"{figure.text(report.of_class(figure, name)):>10}" for figure in columns)
        lines.append(f"{name:<17}{100 * share:7.2f} %{''.join(cells)}")
    files = video_paths(folder, [camera.prefix for camera in report.cameras])
    videos = "".join(f", {file.name}" for file in files if file.is_file())
    lines += ["", f"in {folder}: report.html, report.json, foxglove.json, bag{videos}"]
    return "\n".join(lines)


def model_line(report: ReplaySetup) -> str:
    """Model and backend, as a line of a summary."""
    backend = f"{report.backend} on {report.device} in {report.precision}"
    return f"{'Model':<17}{report.model.name}, {backend}"


def frames_line(report: FrameTotals) -> str:
    """Number of frames, as a line of a summary."""
    labelled = f", {report.labelled_frames} with ground truth" if report.labelled_frames else ""
    return f"{'Frames':<17}{report.frames} segmented, {report.failed} failed{labelled}"


def figure_lines(report: FrameTotals) -> list[str]:
    """The figures over all frames, as lines of a summary."""
    texts = {figure.key: figure.text(report.overall(figure)) for figure in FIGURES}
    shown = (figure for figure in judged() if figure.note is not None)
    return [
        f"{figure.title:<17}{texts[figure.key]} ({(figure.note or '').format(**texts)})"
        for figure in shown
        if report.overall(figure) is not None
    ]


def _curves(report: Report) -> Iterator[CurveChart]:
    """The charts over time, camera by camera."""
    for number, camera in enumerate(report.cameras):
        series = camera.series
        if series.t_s is None or series.occupancy is None or series.regions is None:
            continue
        of = f", {camera.topic}" if len(report.cameras) > 1 else ""
        shares: list[tuple[str, list[str | int], dict[str, Curve]]] = [
            ("Occupancy", [number, "occupancy"], series.occupancy)
        ]
        for region, curves in series.regions.items():
            shares.append((f"Occupancy of region {region}", [number, "regions", region], curves))
        for title, place, curves in shares:
            chart = stacked_areas(series.t_s, curves, report.colors)
            yield CurveChart(title + of, chart, place, 100.0, "%")
        for figure in FIGURES:
            curve = series.figures.get(figure.key, [])
            if any(value is not None for value in curve):
                chart = line(series.t_s, curve, figure.scale, figure.unit)
                yield CurveChart(
                    figure.title + of, chart, [number, figure.key], figure.scale, figure.unit
                )


def _images(pictures: FramePictures, frame: FrameFigures) -> dict[str, np.ndarray]:
    return pictures.images(frame.camera, frame.stamp_ns, frame.recorded_ns)


def _shot(pictures: FramePictures, frame: FrameFigures) -> Shot:
    found = _images(pictures, frame)
    label, truth = found["label"], found["truth"]
    known = np.where(truth == UNLABELLED, label, truth)  # void can be neither right nor wrong
    images = {
        "overlay": found["overlay"],
        "prediction": pictures.colored(label),
        "label": pictures.colored(truth),
        "difference": difference(label, known, found["overlay"]),
    }
    miou = MIOU.text(frame.figures[MIOU.key])
    return Shot(
        f"Frame {frame.frame}: mIoU {miou}",
        {name: data_url(image) for name, image in images.items()},
    )
