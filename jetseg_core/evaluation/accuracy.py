"""Accuracy of a model on labelled frames, through the same runtime that robots use."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean

from tqdm import tqdm

from jetseg_core.data.data_set import DataSet
from jetseg_core.data.soft_labels import recording_of
from jetseg_core.data.soft_set import SoftSet
from jetseg_core.errors import JetSegError
from jetseg_core.evaluation.calibration import CalibrationCounts
from jetseg_core.evaluation.confusion import ConfusionMatrix
from jetseg_core.runtime import Runtime

_log = logging.getLogger("jetseg")


@dataclass(frozen=True)
class Evaluation:
    """Accuracy of a runtime on labelled frames."""

    confusion: ConfusionMatrix
    calibration: CalibrationCounts
    recordings: Mapping[str, ConfusionMatrix]
    """The same by recording, see `recording_of`."""
    frames: int
    runtime: Runtime

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON: figures in percent, IoU by class name (None for a class that does not occur)."""
        return {
            **self._figures(self.confusion),
            "ece": self.calibration.ece(),
            "kept": self.calibration.kept(),
            "recordings": {name: self._figures(part) for name, part in self.recordings.items()},
            "recordings_pixel_accuracy": mean(
                part.pixel_accuracy() for part in self.recordings.values()
            ),
            "confusion_matrix": self.confusion.counts[:, :-1].tolist(),
            "frames": self.frames,
            "backend": self.runtime.backend,
            "precision": self.runtime.precision,
            "device": self.runtime.device,
            "input_size": list(self.runtime.input_size),
            "model": self.runtime.description.name,
            "class_map": self.runtime.description.class_map,
            "sha256": self.runtime.description.sha256,
        }

    def _figures(self, confusion: ConfusionMatrix) -> dict[str, object]:
        names = self.runtime.description.classes.names
        iou = (100 * confusion.iou()).tolist()
        return {
            "miou": confusion.miou(),
            "per_class_iou": {
                name: value if value == value else None
                for name, value in zip(names, iou, strict=True)
            },
            "pixel_accuracy": confusion.pixel_accuracy(),
        }


def evaluate(runtime: Runtime, data: DataSet | SoftSet) -> Evaluation:
    """Segment every frame at its own size and count against its labels.

    Raises:
        JetSegError: the model's classes are not those of the data, or its labels hold fewer than two of them.
    """
    classes = runtime.description.classes
    if classes.names != data.classes.names:
        raise JetSegError(
            f"the model knows the classes {', '.join(classes.names)}, the data is labelled with "
            f"{', '.join(data.classes.names)}; evaluate on data of the model's classes, and name them "
            "with --classes, or map its classes to the data's with --map"
        )
    confusion, calibration = ConfusionMatrix(len(classes)), CalibrationCounts(len(classes))
    recordings: dict[str, ConfusionMatrix] = {}
    for file, (image, truth) in zip(
        data.frames, tqdm(data, "evaluating", leave=False), strict=True
    ):
        found = runtime.segment(image, confidence=True)
        assert found.confidence is not None
        calibration.update(found.labels, found.confidence, truth)
        part = recordings.setdefault(recording_of(file.stem), ConfusionMatrix(len(classes)))
        for counts in (confusion, part):
            counts.update(found.labels, truth)
    data.tally.check(data.describe())
    for warning in data.tally.warnings():
        _log.warning("%s: %s", data.describe(), warning)
    recordings = {name: part for name, part in recordings.items() if part.counts.any()}
    return Evaluation(confusion, calibration, recordings, len(data), runtime)
