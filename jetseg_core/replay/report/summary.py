"""A report as a few lines of text."""

from __future__ import annotations

from pathlib import Path

from jetseg_core.replay.report.replay_report import Report
from jetseg_core.replay.run.overlay_video import video_paths


def format_report(report: Report, folder: Path) -> str:
    """What matters most, and where the rest is."""
    lines = [model_line(report), frames_line(report)]
    for camera in report["cameras"]:
        rate = f"{camera['rate_hz']:.1f} frames/s" if camera["rate_hz"] else "a single stamp"
        gaps = camera["gaps"]
        lost = f"{gaps['count']} gaps, {gaps['missing_frames']} frames missing"
        lines.append(f"camera     {camera['topic']}: {camera['frames']} frames, {rate}, {lost}")
    lines += figure_lines(report)
    lines += ["", f"{'class':<14}{'share':>9}{'flicker':>10}{'IoU':>9}"]
    for name, share in report["occupancy"].items():
        changes = report["flicker"]["per_class"][name]
        iou = (report["per_class_iou"] or {}).get(name)
        lines.append(
            f"{name:<14}{100 * share:8.2f}%"
            + ("         -" if changes is None else f"{100 * changes:9.2f}%")
            + ("        -" if iou is None else f"{iou:8.2f}%")
        )
    prefixes = [camera["prefix"] for camera in report["cameras"]]
    videos = [file.name for file in video_paths(folder, prefixes)]
    lines += ["", f"in {folder}: report.html, report.json, foxglove.json, bag, {', '.join(videos)}"]
    return "\n".join(lines)


def model_line(report: Report) -> str:
    """What ran, and on what."""
    return (
        f"model      {report['model']['name']}, {report['backend']} on {report['device']} in "
        f"{report['precision']}"
    )


def frames_line(report: Report) -> str:
    """How many frames there were."""
    return f"frames     {report['frames']} segmented, {report['failed']} failed"


def figure_lines(report: Report) -> list[str]:
    """Latency, and what is known of flicker and accuracy."""
    latency, flicker = report["latency_ms"], report["flicker"]["overall"]
    lines = [f"latency    {latency['p50']:.1f} ms median, {latency['p95']:.1f} ms at 95 %"]
    if flicker is not None:
        lines.append(f"flicker    {100 * flicker:.2f} % of pixels change label between frames")
    if report["miou"] is not None:
        lines.append(
            f"accuracy   {report['miou']:.2f} % mIoU, {report['pixel_accuracy']:.2f} % pixels "
            f"({report['labelled_frames']} frames)"
        )
    return lines
