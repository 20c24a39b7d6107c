"""Projection of solids, all of a frame at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from jetseg_core.street.camera import NEAR, clip_near, to_pixels
from jetseg_core.street.canvas import fixed_point
from jetseg_core.street.strokes import Polygons, Stroke
from jetseg_core.street.things import Solid
from jetseg_core.street.view import View


def solid_strokes(view: View, solids: Sequence[Solid], lit: Sequence[float]) -> list[Stroke]:
    """What is to be seen of solids; lit gives for each the share of the sun that reaches it."""
    if not solids:
        return []
    camera, light = view.camera, view.light
    vertices = np.concatenate([solid.vertices for solid in solids])
    begins = np.cumsum([0] + [len(solid.vertices) for solid in solids])
    rays = camera.to_rays(vertices)
    nearest = np.minimum.reduceat(rays[:, 2], begins[:-1])
    farthest = np.maximum.reduceat(rays[:, 2], begins[:-1])
    whole = nearest > NEAR
    pixels = rays[:, :2] / np.maximum(rays[:, 2:], NEAR)
    low = np.minimum.reduceat(pixels, begins[:-1], axis=0)
    high = np.maximum.reduceat(pixels, begins[:-1], axis=0)
    seen = (farthest > NEAR) & (view.on_canvas(low, high) | ~whole)
    distance = view.distances(np.array([solid.pose.origin for solid in solids]))

    counts = [len(solid.mesh.slots) for solid in solids]
    owner = np.repeat(np.arange(len(solids)), counts)  # the solid of each face
    first = np.concatenate([solid.mesh.starts[:-1] for solid in solids]) + begins[owner]
    last = np.concatenate([solid.mesh.starts[1:] for solid in solids]) + begins[owner]
    normals = np.concatenate([solid.normals for solid in solids])
    detail = np.concatenate([solid.mesh.detail for solid in solids])
    turned = (normals * (camera.position - vertices[first])).sum(1) > 0
    scale = camera.focal / np.maximum(distance, 1.0)
    faces = np.flatnonzero(seen[owner] & turned & (detail <= scale[owner]))

    owner = owner[faces]
    albedo = np.concatenate([solid.albedo for solid in solids])[faces]
    glow = np.concatenate([solid.mesh.glow for solid in solids])[faces]
    shade = light.shade(normals[faces], np.array(lit)[owner])
    colors = light.hazed(albedo * shade[:, None] + glow, distance[owner]).tolist()
    labels = np.concatenate([solid.mesh.labels for solid in solids])[faces].tolist()
    spans = list(zip(first[faces].tolist(), last[faces].tolist(), strict=True))
    fixed = fixed_point(pixels)
    bounds = np.searchsorted(owner, np.arange(len(solids) + 1)).tolist()
    strokes: list[Stroke] = []
    for i, solid in enumerate(solids):
        part = slice(bounds[i], bounds[i + 1])
        if whole[i]:
            corners = [fixed[a:b] for a, b in spans[part]]
        else:
            corners = [fixed_point(to_pixels(clip_near(rays[a:b]))) for a, b in spans[part]]
        if corners:
            strokes.append(Polygons(solid.spot.order, corners, colors[part], labels[part]))
    return strokes
