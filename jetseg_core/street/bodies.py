"""Projection of people and bicycles, all of a frame at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jetseg_core.street.camera import to_pixels
from jetseg_core.street.canvas import fixed_point
from jetseg_core.street.strokes import Polygons, Stroke
from jetseg_core.street.things import Person
from jetseg_core.street.view import View

_NEAR = 0.8  # bodies are not cut at the near plane: they vanish a little before it
_ROUND = 3.5  # radius in pixels from which a limb shows that it is rounded
_RUBBER = np.array([24.0, 24.0, 26.0])


def body_strokes(view: View, people: Sequence[Person], lit: Sequence[float]) -> list[Stroke]:
    """What is to be seen of people; lit gives for each the share of the sun that reaches it."""
    camera = view.camera
    strokes: list[Stroke] = []
    if not people:
        return strokes
    ends = np.concatenate([person.pose.to_world(person.figure.ends) for person in people])
    rays = camera.to_rays(ends.reshape(-1, 3)).reshape(-1, 2, 3)
    depth = np.maximum(rays[:, :, 2], 0.1)
    centers = rays[:, :, :2] / depth[:, :, None]
    radii = np.concatenate([person.figure.radii for person in people]) * camera.focal / depth
    counts = [len(person.figure.slots) for person in people]
    begins = np.cumsum([0, *counts])
    owner = np.repeat(np.arange(len(people)), counts)
    # Wheels reach further than the limbs that end in their hubs.
    reach = np.maximum(radii.max(1), 0.4 * camera.focal / depth.min(1))[:, None]
    low = np.minimum.reduceat(centers.min(1) - reach, begins[:-1], axis=0)
    high = np.maximum.reduceat(centers.max(1) + reach, begins[:-1], axis=0)
    nearest = np.minimum.reduceat(rays[:, :, 2].min(1), begins[:-1])
    seen = (nearest > _NEAR) & view.on_canvas(low, high)
    distance = view.distances(np.array([person.pose.origin for person in people]))
    scale = camera.focal / np.maximum(distance, 1.0)
    detail = np.concatenate([person.figure.detail for person in people])
    limbs = np.flatnonzero(seen[owner] & (detail <= scale[owner]))
    limbs = limbs[np.lexsort((-depth[limbs].sum(1), owner[limbs]))]  # far limbs first
    owner = owner[limbs]

    colors = _colors(view, people, np.array(lit), distance)[limbs]
    centers, radii = centers[limbs], radii[limbs]
    bounds = np.searchsorted(owner, np.arange(len(people) + 1)).tolist()
    for i in np.flatnonzero(seen).tolist():
        part, person = slice(bounds[i], bounds[i + 1]), people[i]
        close = bool(radii[part].max() > _ROUND)
        corners = fixed_point(outlines(centers[part], radii[part], 7 if close else 3))
        labels = [person.figure.label] * len(corners)
        shown = colors[part]
        if close:  # a paler core on the side of the sun
            sunward = (camera.rotation @ view.light.sun)[:2] * 0.3
            shifted = centers[part] + radii[part][:, :, None] * sunward
            cores = fixed_point(outlines(shifted, radii[part] * 0.55, 7))
            pale = (shown * (1.12 + 0.16 * lit[i] * view.light.sunshine)).clip(0, 255)
            corners = np.stack([corners, cores], 1).reshape(-1, *corners.shape[1:])
            shown = np.stack([shown, pale], 1).reshape(-1, 3)
            labels = [label for part_label in labels for label in (part_label, -1)]
        rubber = view.light.hazed(_RUBBER, distance[i])
        rings = tuple(
            (
                to_pixels(camera.to_rays(person.pose.to_world(wheel))), rubber,
                0.045 * float(scale[i]), person.figure.label,
            )
            for wheel in person.figure.wheels
        )  # fmt: skip
        strokes.append(Polygons(person.spot.order, list(corners), shown.tolist(), labels, rings))
    return strokes


def outlines(centers: np.ndarray, radii: np.ndarray, corners: int) -> np.ndarray:
    """The outlines (N, 2 * corners, 2) of N pairs of circles (N, 2, 2), (N, 2) and what is between."""
    half_turn = np.linspace(-np.pi / 2, np.pi / 2, corners)
    step = centers[:, 1] - centers[:, 0]
    angle = np.arctan2(step[:, 1], step[:, 0])[:, None]
    turn = np.concatenate([half_turn + np.pi + angle, half_turn + angle], axis=1)
    rounded = np.stack([np.cos(turn), np.sin(turn)], axis=2)
    return np.repeat(centers, corners, axis=1) + rounded * np.repeat(radii, corners, 1)[:, :, None]


def _colors(
    view: View, people: Sequence[Person], lit: np.ndarray, distance: np.ndarray
) -> np.ndarray:
    """(L, 3) colors of all limbs in light and haze."""
    light = view.light
    heading = np.array([person.pose.heading for person in people])
    sunny_side = np.sin(heading) * light.sun[0] + np.cos(heading) * light.sun[2]
    brightness = 0.8 * light.ambient + light.sunshine * lit * (0.32 + 0.2 * sunny_side)
    colors = [person.palette[person.figure.slots] for person in people]
    counts = [len(part) for part in colors]
    lit_colors = np.concatenate(colors) * np.repeat(brightness, counts)[:, None]
    return light.hazed(lit_colors, np.repeat(distance, counts))
