"""Layouts for Foxglove: the node's topics, or those of a replay's bag, at a glance.

The form is that of Foxglove's own "export layout": the configuration of each panel by "<type>!<name>", and a tree of
halves that they fill.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jetseg_core.classes import ClassSet

Layout = dict[str, Any]


def make_layout(
    prefixes: Sequence[str], classes: ClassSet, live: bool, truth: bool = False
) -> Layout:
    """Overlay, labels and occupancy of each camera, and the model's description.

    Args:
        prefixes: of the cameras' topics; "" for ``/segmentation/...``.
        classes: of the model, for names, colors and range.
        live: the node's topics, which has color images and diagnostics, too; otherwise those of a replay's bag.
        truth: whether the bag holds ground truth.
    """
    panels: dict[str, Layout] = {}
    views = []
    for number, prefix in enumerate(prefixes):
        of = f", {prefix}" if len(prefixes) > 1 else ""
        base = f"{prefix}/segmentation"
        shown = {
            f"Image!overlay{number}": _image("Overlay" + of, f"{base}/overlay/compressed"),
            f"Image!label{number}": _labels("Labels" + of, f"{base}/label", classes),
        }
        if live:
            shown[f"Image!color{number}"] = _image("Classes" + of, f"{base}/color")
        if truth:
            shown[f"Image!truth{number}"] = _labels("Ground truth" + of, f"{base}/truth", classes)
        plot = f"Plot!occupancy{number}"
        panels |= shown | {plot: _occupancy("Occupancy" + of, f"{base}/occupancy", classes)}
        views.append(_split("column", [_split("row", list(shown)), plot], 62))
    panels["RawMessages!model"] = {
        "foxglovePanelTitle": "Model",
        "topicPath": "/segmentation/model_info",
    }
    side = ["RawMessages!model"]
    if live:
        panels["DiagnosticSummary!all"] = {
            "foxglovePanelTitle": "Diagnostics",
            "topicToRender": "/diagnostics",
            "minLevel": 0,
            "pinnedIds": [],
            "hardwareIdFilter": "",
            "sortByLevel": True,
        }
        side.insert(0, "DiagnosticSummary!all")
    return {
        "configById": panels,
        "globalVariables": {},
        "userNodes": {},
        "playbackConfig": {"speed": 1},
        "layout": _split("row", [_split("column", views), _split("column", side)], 78),
    }


def _image(title: str, topic: str, **settings: Any) -> Layout:
    return {"foxglovePanelTitle": title, "imageMode": {"imageTopic": topic, **settings}}


def _labels(title: str, topic: str, classes: ClassSet) -> Layout:
    """Spread class ids over the whole range of colors; a gray picture would be nearly black."""
    stretched = {"minValue": 0, "maxValue": len(classes) - 1}
    return _image(title, topic, colorMode="colormap", colorMap="rainbow", **stretched)


def _occupancy(title: str, topic: str, classes: ClassSet) -> Layout:
    return {
        "foxglovePanelTitle": title,
        "paths": [
            {
                "value": f"{topic}.fractions[{number}]",
                "label": name,
                "color": f"#{red:02x}{green:02x}{blue:02x}",
                "enabled": True,
                "timestampMethod": "receiveTime",
            }
            for number, (name, (red, green, blue)) in enumerate(
                zip(classes.names, classes.palette, strict=True)
            )
        ],
        "minYValue": 0,
        "maxYValue": 1,
        "showXAxisLabels": True,
        "showYAxisLabels": True,
        "showLegend": True,
        "legendDisplay": "left",
        "showPlotValuesInLegend": True,
        "isSynced": True,
        "xAxisVal": "timestamp",
    }


def _split(direction: str, parts: Sequence[Any], percent: float | None = None) -> Any:
    """Parts beside ("row") or below one another ("column"), of equal size unless the first one's is given."""
    if len(parts) == 1:
        return parts[0]
    return {
        "direction": direction,
        "first": parts[0],
        "second": _split(direction, parts[1:]),
        "splitPercentage": percent or 100 / len(parts),
    }
