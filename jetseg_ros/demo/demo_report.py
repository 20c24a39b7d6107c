"""Results of the demo, as numbers for machines and as text for people."""

from __future__ import annotations

import math
import os
import platform

import numpy as np

from jetseg_core.bench.machine import describe_processor
from jetseg_ros.demo.collector import Measurements

Report = dict[str, object]


def make_report(source: str, found: Measurements) -> Report:
    """The report as plain data; frame counts, milliseconds, frames per second, percent.

    Args:
        source: what the camera played.
        found: with at least one frame received, and the model known.
    """
    assert found.model is not None
    names = list(found.model.class_names)
    latencies_ms = [1e-6 * (arrived - stamp) for stamp, arrived in found.received.items()]
    p50, p95, longest = np.percentile(latencies_ms, (50, 95, 100)).round(2).tolist()
    report: Report = {
        "source": source,
        "frames_sent": len(found.sent),
        "frames_received": len(found.received),
        "frames_dropped": len(found.sent) - len(found.received),
        "stamps_match": not found.repeated and found.received.keys() <= set(found.sent),
        "latency_ms": {"p50": p50, "p95": p95, "max": longest},
        "rate_hz": _rate_hz(list(found.received.values())),
        "camera_rate_hz": _rate_hz(found.sent),
        "node_counts": found.node_counts,
        "occupancy": _by_class(names, np.mean(found.fractions, axis=0), digits=5),
        "miou": None,
        "per_class_iou": None,
        "pixel_accuracy": None,
        "model": {
            "name": found.model.model_name,
            "preset": found.model.preset,
            "combination": found.model.combination,
            "sha256": found.model.checkpoint_sha256,
            "input_size": [found.model.input_height, found.model.input_width],
        },
        "backend": found.model.backend,
        "precision": found.model.precision,
        "device": found.model.device,
        "host": {
            "cpu": describe_processor(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "ros_distro": os.environ.get("ROS_DISTRO", "wheels"),
        },
    }
    if found.confusion is not None:
        report["miou"] = round(found.confusion.miou(), 2)
        report["per_class_iou"] = _by_class(names, 100 * found.confusion.iou(), digits=2)
        report["pixel_accuracy"] = round(found.confusion.pixel_accuracy(), 2)
    return report


def format_report(report: Report) -> str:
    """The report as a few lines of text."""
    latency, occupancy, iou = report["latency_ms"], report["occupancy"], report["per_class_iou"]
    counts = report["node_counts"]
    assert isinstance(latency, dict) and isinstance(occupancy, dict) and isinstance(counts, dict)
    sent, received = report["frames_sent"], report["frames_received"]
    lines = [
        f"frames     {sent} sent, {received} received, {report['frames_dropped']} dropped; "
        + ("every stamp is that of an input" if report["stamps_match"] else "STAMPS DO NOT MATCH"),
        f"rate       {report['rate_hz']:.2f} of {report['camera_rate_hz']:.2f} frames/s",
        f"latency    {latency['p50']:.1f} ms median, {latency['p95']:.1f} ms at 95 % "
        "(from the image's stamp to the label's arrival)",
        f"node       {', '.join(f'{count} {name}' for name, count in counts.items())}",
        f"backend    {report['backend']} on {report['device']} in {report['precision']}",
    ]
    if report["miou"] is not None:
        lines.append(
            f"accuracy   {report['miou']:.2f} % mIoU, {report['pixel_accuracy']:.2f} % pixels"
        )
    lines.append("")
    lines.append("class        share of pixels" + ("      IoU" if iou else ""))
    for name, share in occupancy.items():
        line = f"{name:<12} {100 * share:13.2f} %"
        if isinstance(iou, dict):
            line += f" {iou[name]:7.2f}%" if iou[name] is not None else "       -"
        lines.append(line)
    return "\n".join(lines)


def _rate_hz(times_ns: list[int]) -> float:
    duration_s = 1e-9 * (max(times_ns) - min(times_ns))
    return round((len(times_ns) - 1) / duration_s, 3) if duration_s else 0.0


def _by_class(names: list[str], values: np.ndarray, digits: int) -> dict[str, float | None]:
    return {
        name: None if math.isnan(value) else round(value, digits)
        for name, value in zip(names, values.tolist(), strict=True)
    }
