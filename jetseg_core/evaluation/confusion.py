"""The metric: one confusion matrix over a whole data set (section 3, Eq. 3)."""

from __future__ import annotations

import numpy as np

from jetseg_core.errors import JetSegError


class ConfusionMatrix:
    """Counts labelled pixels by true and predicted class.

    Pixels whose truth is no class (void, 255) are ignored. A prediction that is no class (255, "unlabelled") on
    a labelled pixel is a miss: it counts against its true class and for no other.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        # One column more than classes: predictions that are no class.
        self.counts = np.zeros((num_classes, num_classes + 1), np.int64)

    def update(self, prediction: np.ndarray, truth: np.ndarray) -> None:
        """Add one or more frames.

        Args:
            prediction: uint8 class ids, any shape.
            truth: uint8 class ids of the same shape.
        """
        if prediction.shape != truth.shape:
            raise JetSegError(
                f"prediction is {prediction.shape} and ground truth {truth.shape}; they must have one size"
            )
        labelled = truth < self.num_classes
        actual = truth[labelled].astype(np.int64)
        predicted = np.minimum(prediction[labelled], self.num_classes)
        width = self.num_classes + 1
        cells = np.bincount(actual * width + predicted, minlength=self.num_classes * width)
        self.counts += cells.reshape(self.counts.shape)

    def class_counts(self) -> np.ndarray:
        """(3, C) pixels that are right, true and predicted, by class: all that `iou` and its like need."""
        return class_counts(self.counts)

    def iou(self) -> np.ndarray:
        """(C,) intersection over union, 0..1; NaN for a class that occurs neither in truth nor in prediction."""
        return iou(self.class_counts())

    def miou(self) -> float:
        """Mean IoU in percent over the classes that occur in the ground truth; NaN when none does."""
        return miou(self.class_counts())

    def pixel_accuracy(self) -> float:
        """Share of labelled pixels predicted right, in percent; NaN when none is labelled."""
        return pixel_accuracy(self.class_counts())


def class_counts(counts: np.ndarray) -> np.ndarray:
    """Reduce the counts of a confusion matrix, (C, C + 1), to (3, C): pixels right, true and predicted, by class.

    These can be added up over frames, with weights too, before `iou`, `miou` or `pixel_accuracy` is taken.
    """
    return np.array([np.diagonal(counts), counts.sum(1), counts[:, :-1].sum(0)])


def iou(counts: np.ndarray) -> np.ndarray:
    """`ConfusionMatrix.iou` of class counts, (3, C)."""
    right, true, predicted = counts
    with np.errstate(invalid="ignore"):
        return right / (true + predicted - right)


def miou(counts: np.ndarray) -> float:
    """`ConfusionMatrix.miou` of class counts, (3, C)."""
    occurs = counts[1] > 0
    return 100 * float(iou(counts)[occurs].mean()) if occurs.any() else float("nan")


def pixel_accuracy(counts: np.ndarray) -> float:
    """`ConfusionMatrix.pixel_accuracy` of class counts, (3, C)."""
    right, true = counts[0].sum(), counts[1].sum()
    return 100 * float(right / true) if true else float("nan")
