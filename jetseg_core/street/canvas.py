"""The picture and its labels, painted together: smooth edges in the picture, exact ids in the labels."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from jetseg_core.street.texture import Texture

_SHIFT = 4  # fixed-point bits of polygon corners: a sixteenth of a pixel
_LIMIT = 1.0e6
_LEAFY = 26  # opacity from which a pixel counts as covered: CamVid counts thin twigs as tree
_TINY = 100  # pixels of the bounding box up to which one color will do

Box = tuple[int, int, int, int]


class Canvas:
    """An RGB picture (H, W, 3) uint8 and its labels (H, W) uint8."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self.image = np.zeros((*size, 3), np.uint8)
        self.labels = np.zeros(size, np.uint8)

    def polygon(self, points: np.ndarray, color: np.ndarray, label: int) -> None:
        """Fills a polygon (N, 2) with an RGB color and a label; N = 0 is nothing."""
        if len(points):
            self.polygons([fixed_point(points)], [color.tolist()], [label])

    def polygons(
        self, corners: Iterable[np.ndarray], colors: Iterable[list[float]], labels: Iterable[int]
    ) -> None:
        """Fills many polygons one after the other.

        Args:
            corners: (N, 2) each, from `fixed_point`.
            colors: RGB each.
            labels: class ids; below 0 leaves the labels as they are.
        """
        image, ids = self.image, self.labels
        for outline, color, label in zip(corners, colors, labels, strict=True):
            if len(outline):
                cv2.fillPoly(image, [outline], color, cv2.LINE_AA, _SHIFT)
                if label >= 0:
                    cv2.fillPoly(ids, [outline], label, shift=_SHIFT)

    def ring(self, points: np.ndarray, color: np.ndarray, width: float, label: int) -> None:
        """Strokes the outline of a polygon (N, 2) in the picture and labels all of its inside."""
        corners = fixed_point(points)
        thickness = max(1, round(width))
        cv2.polylines(self.image, [corners], True, color.tolist(), thickness, cv2.LINE_AA, _SHIFT)
        cv2.fillPoly(self.labels, [corners], label, shift=_SHIFT)

    def picture(
        self,
        texture: Texture,
        matrix: np.ndarray,
        outline: np.ndarray,
        scale: tuple[float, float],
        color: np.ndarray,
        label: int,
        *,
        solid_label: bool = False,
    ) -> None:
        """Paints a texture through a projective map.

        Args:
            texture: what to paint.
            matrix: (3, 3) from the unit square (u right, v down) to pixels.
            outline: (N, 2) pixels, what of the texture's plane is to be painted.
            scale: (width, height) on the screen in pixels that the whole texture would have.
            color: (3, 4) matrix applied to RGB (light and haze).
            label: class id of what is painted.
            solid_label: label the whole outline, also where the texture is transparent.
        """
        box = self.box(outline)
        if box is None:
            return
        x0, y0, x1, y1 = box
        if texture.opaque and (x1 - x0) * (y1 - y0) < _TINY:
            self.polygon(outline, texture.mean @ color[:, :3].T + color[:, 3], label)
            return
        filled = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillPoly(filled, [fixed_point(outline - (x0, y0))], 255, cv2.LINE_AA, _SHIFT)
        source = texture.fitted(*scale)
        height, width = source.shape[:2]
        place = matrix / (width, height, 1)  # texels instead of the unit square
        place[:, 2] += (place[:, 0] + place[:, 1]) / 2
        place[:2] -= place[2] * ((x0,), (y0,))
        border = cv2.BORDER_REPLICATE if texture.opaque else cv2.BORDER_CONSTANT
        size = (x1 - x0, y1 - y0)
        if np.abs(place[2, :2]).max() < 1e-9 * abs(place[2, 2]):  # parallel to the picture: quicker
            warped = cv2.warpAffine(source, place[:2] / place[2, 2], size, borderMode=border)
        else:
            warped = cv2.warpPerspective(source, place, size, borderMode=border)
        rgb = cv2.cvtColor(warped, cv2.COLOR_RGBA2RGB)
        opacity = filled if texture.opaque else cv2.extractChannel(warped, 3)
        weight = cv2.merge([opacity] * 3)
        if texture.opaque:
            lit = cv2.multiply(cv2.transform(rgb, color), weight, scale=1 / 255)
        else:  # premultiplied: the haze comes in proportion to the opacity
            haze = cv2.merge([cv2.convertScaleAbs(opacity, alpha=v / 255) for v in color[:, 3]])
            lit = cv2.add(cv2.transform(rgb, color[:, :3]), haze)
        image = self.image[y0:y1, x0:x1]
        cv2.add(lit, cv2.multiply(image, cv2.bitwise_not(weight), scale=1 / 255), dst=image)
        if solid_label or texture.opaque:
            covers = cv2.compare(filled, 127, cv2.CMP_GT)
        else:
            covers = cv2.compare(opacity, _LEAFY, cv2.CMP_GT)
        ids = np.full(covers.shape, label, np.uint8)
        cv2.copyTo(ids, covers, self.labels[y0:y1, x0:x1])

    def box(self, points: np.ndarray) -> Box | None:
        """Bounding box of points (N, 2) within the picture, None where they are out of it."""
        height, width = self.size
        low, high = points.min(0), points.max(0)
        x0, y0 = max(0, int(low[0]) - 1), max(0, int(low[1]) - 1)
        x1, y1 = min(width, int(high[0]) + 2), min(height, int(high[1]) + 2)
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None


def fixed_point(points: np.ndarray) -> np.ndarray:
    """Pixel positions (..., 2) as the integers that the polygon fill takes."""
    return np.rint(np.clip(points, -_LIMIT, _LIMIT) * (1 << _SHIFT)).astype(np.int32)
