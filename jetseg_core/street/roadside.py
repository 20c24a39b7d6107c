"""Things that stand along a street: houses, trees and bushes, fences, lamp posts, signs, traffic lights."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from jetseg_core.street.canvas import BUILDING, DISC, POLE, SIGN, Mesh, Panel, Texture, stroke
from jetseg_core.street.daylight import seeded, smooth_noise

VARIANTS = 12
"""Number of different fronts, trees, bushes, fences and signs: `kind` is 0 to VARIANTS - 1."""
FENCE_LENGTH = 8.0
"""Metres of fence that a texture shows."""
_DEPTH = 9.0  # metres from front to back of a house
_WALL, _PLANT = 28, 40  # texels per metre
_RENDERS = ((222, 220, 212), (232, 230, 226), (206, 198, 182), (176, 180, 186), (214, 206, 192))
_BRICKS = ((160, 134, 116), (146, 118, 104), (188, 172, 146), (166, 154, 136), (132, 120, 112))
_DOORS = ((34, 48, 96), (112, 28, 30), (28, 64, 48), (30, 30, 34), (60, 30, 60))
_BARK = (88, 80, 70)
_LEAVES = ((92, 104, 66), (80, 96, 62), (108, 112, 78), (72, 86, 64))
_WORDS = ("BOOKS", "CAFE", "BAKERY", "BANK", "TAILOR", "FLOWERS", "CYCLES", "SHOES", "MUSIC")
_STEEL, _DARK, _WHITE = (84, 88, 90), (30, 32, 34), (222, 224, 222)
_RED, _BLUE, _GREEN, _AMBER = (180, 34, 36), (34, 70, 150), (40, 150, 100), (220, 160, 40)
Color = np.ndarray | tuple[float, float, float]
Plant = tuple[Texture, float, float]
"""Picture, width and height in metres."""


class Front(NamedTuple):
    """The picture of a house front, its size in metres, and the mean colour (3,) of the wall."""

    texture: Texture
    width: float
    height: float
    wall: np.ndarray


class _Wall:
    """A wall to paint on in metres from its lower left corner."""

    def __init__(self, seed: int, width: float, height: float, color: np.ndarray) -> None:
        self.rng, self.width, self.height = seeded(7, seed), width, height
        shape = (round(height * _WALL), round(width * _WALL))
        bricks = self.rng.normal(0, 8, (shape[0] // 2, shape[1] // 6))
        bricks = cv2.resize(bricks, shape[::-1], interpolation=cv2.INTER_NEAREST)
        self.picture = (color + bricks[:, :, None]).clip(0, 255).astype(np.uint8)

    def box(self, x: float, y: float, w: float, h: float, color: Color) -> None:
        """Paint a rectangle."""
        left, right = (max(0, round(v * _WALL)) for v in (x, x + w))
        top, bottom = (max(0, round((self.height - v) * _WALL)) for v in (y + h, y))
        self.picture[top:bottom, left:right] = np.asarray(color).clip(0, 255)

    def window(self, x: float, y: float, w: float, h: float, frame: Color, panes: int) -> None:
        """Paint glass that mirrors the sky above a dark room, and glazing bars."""
        self.box(x - 0.12, y - 0.16, w + 0.24, h + 0.36, np.mean(self.picture, (0, 1)) * 1.15)
        self.box(x - 0.06, y - 0.04, w + 0.12, h + 0.08, frame)
        tone, mirror = self.rng.uniform(18, 50), self.rng.uniform(0.8, 2.2)
        for step in range(4):
            shade = tone * (1 + (mirror - 1) * step / 3)
            self.box(x, y + h * step / 4, w, h / 4, (shade * 0.95, shade, shade * 1.06))
        for i in range(1, panes):
            self.box(x + w * i / panes - 0.03, y, 0.06, h, frame)
            self.box(x, y + h * i / panes - 0.03, w, 0.06, frame)

    def shop(self, tall: float, color: np.ndarray) -> None:
        """Paint a shop front: goods behind glass, a door, and a board with a word."""
        rng, width = self.rng, self.width
        self.box(0, 0, width, tall, color * 0.7)
        self.box(0.25, 0.5, width - 0.5, tall - 1.4, (44, 45, 48))
        for x in rng.uniform(0.3, width - 0.8, int(4 * width)):
            goods = rng.uniform(20, 150) * rng.uniform(0.6, 1.0, 3)
            self.box(x, rng.choice([0.5, 1.3]), rng.uniform(0.1, 0.5), rng.uniform(0.1, 0.7), goods)
        self.box(0.3 * width, 0, 0.95, tall - 0.9, (30, 30, 32))
        self.box(0, tall - 0.8, width, 0.62, color)
        place = (round((width / 2 - 0.9) * _WALL), round((self.height - tall + 0.66) * _WALL))
        word, pale = str(rng.choice(_WORDS)), (216, 210, 192)
        cv2.putText(self.picture, word, place, cv2.FONT_HERSHEY_DUPLEX, 0.5, pale, 1, cv2.LINE_AA)


@lru_cache(maxsize=VARIANTS)
def front(kind: int) -> Front:
    """The front of a shop, a terraced house or an office."""
    rng = seeded(2, kind)
    shop, office = kind % 3 == 0, kind % 6 == 4
    storeys, storey = int(rng.integers(2, 5)), rng.uniform(2.8, 3.3)
    ground = rng.uniform(3.3, 3.9) if shop else storey
    width = float(rng.uniform(9, 16) if office else rng.uniform(5.5, 9))
    height = float(ground + (storeys - 1) * storey + 0.6)
    walls = _BRICKS if rng.random() < 0.5 else _RENDERS
    color = np.array(walls[rng.integers(len(walls))]) * rng.uniform(0.75, 1.1)
    wall = _Wall(kind, width, height, color)
    frame = (222, 222, 216) if rng.random() < 0.75 else (60, 54, 48)
    spacing = rng.uniform(1.5, 2.2) if office else rng.uniform(2.2, 3.2)
    w, h = (spacing * 0.85, 1.9) if office else rng.uniform((0.9, 1.4), (1.2, 1.8))
    count, panes = max(2, round(width / spacing)), int(rng.integers(1, 4))
    for level in range(shop, storeys):
        y = (ground + (level - 1) * storey if level else 0.0) + 0.8
        for i in range(count):
            wall.window(width * (i + 0.5) / count - w / 2, y, w, h, frame, panes)
    paint = np.array(_DOORS[rng.integers(len(_DOORS))])
    if shop:
        wall.shop(ground, paint)
    else:
        wall.box(0.5, 0, 1.4, 2.8, color * 0.8)
        wall.box(0.7, 0, 1.0, 2.2, paint)
    wall.box(0, height - 0.25, width, 0.25, color * 0.45)
    # Weather: blotches, dirt towards the pavement and under the eaves.
    up = np.linspace(1, 0, len(wall.picture))[:, None]
    gain = 1 + 0.06 * smooth_noise(rng, wall.picture.shape[:2], (3, 7, 16))
    gain *= 1 - 0.22 * np.exp(-9 * up) - 0.18 * np.exp(-22 * (1 - up))
    weathered = (wall.picture * gain[:, :, None]).clip(0, 255).astype(np.uint8)
    return Front(Texture(weathered), width, height, color)


@lru_cache(maxsize=1)
def _side_wall() -> Texture:
    """Grey bricks, to be tinted, with a gable in the upper fifth."""
    wall = _Wall(99, 9.0, 9.0, np.full(3, 128.0)).picture
    rows, columns = wall.shape[:2]
    gable = np.array([(0, 0.2), (0.5, 0), (1, 0.2), (1, 1), (0, 1)]) * (columns, rows)
    inside = cv2.fillPoly(np.zeros((rows, columns), np.uint8), [gable.astype(int)], 255)
    return Texture(cv2.copyTo(cv2.cvtColor(wall, cv2.COLOR_RGB2RGBA), inside))


def house(front: Front, x: float, z: float, tint: np.ndarray, beside: float) -> list[Panel]:
    """Front and near side wall of a house; its roof is flatter than the camera's view of it.

    Args:
        front: its front.
        x: position of the front across the street; negative is on the left.
        z: position of its near end along the street.
        tint: (3,) factors on the colours.
        beside: height of the house before it, which may hide its side wall.
    """
    near, length = np.array([x, 0, z]), np.array([0, 0, front.width])
    # The picture's left is the viewer's left: the near end on the left side of the street.
    corner, along = (near, length) if x < 0 else (near + length, -length)
    back, color = np.array([np.sign(x) * _DEPTH, 0, 0]), front.wall / 128 * tint
    tall, far = front.height * 1.25, -front.width  # with the gable; painted before the front
    side = Panel(near, back, tall, _side_wall(), BUILDING, color, nearer=far)
    facade = Panel(corner, along, front.height, front.texture, BUILDING, tint)
    return [side, facade] if beside < tall else [facade]


@lru_cache(maxsize=VARIANTS)
def tree(kind: int) -> Plant:
    """A tree."""
    rng = seeded(3, kind % 6)
    height = rng.uniform(7, 11)
    wood = np.zeros((round(height * _PLANT), round(1.5 * height * _PLANT)), np.uint8)
    _grow(rng, wood, np.array([0.75 * height, 0]), 0.0, height * 0.2, 0.27, 7)
    middle = wood.shape[1] // 2
    half = int(np.abs(np.flatnonzero(wood.any(0)) - middle).max()) + 20
    wood = np.ascontiguousarray(wood[:, max(0, middle - half) : middle + half])
    crown = cv2.GaussianBlur(wood.astype(np.float32), (0, 0), 0.03 * len(wood)) / 255
    crown *= (np.linspace(1, -0.62, len(wood), dtype=np.float32) * 5).clip(0, 1)[:, None]
    return _leafy(rng, wood, crown * 9), wood.shape[1] / _PLANT, height


@lru_cache(maxsize=VARIANTS)
def bush(kind: int) -> Plant:
    """A bush."""
    rng = seeded(4, kind)
    width, height = rng.uniform(2.0, 3.4), rng.uniform(1.4, 2.4)
    wood = np.zeros((round(height * _PLANT), round(width * _PLANT)), np.uint8)
    y, x = np.linspace(1, 0, len(wood))[:, None], np.linspace(-1, 1, wood.shape[1])[None]
    return _leafy(rng, wood, 2.4 * (1 - np.hypot(x, y))), width, height


def _leafy(rng: np.random.Generator, wood: np.ndarray, fullness: np.ndarray) -> Texture:
    """Wood (H, W) uint8 with leaves where `fullness` (H, W) is about 1 or more."""
    ragged = smooth_noise(rng, wood.shape, (10, 26, 60, 110), 0.85)
    ragged *= 0.35 * fullness.clip(0, 1)  # no leaves float around the crown
    leaf = ((fullness.clip(0, 1.6) - 0.8 + ragged) * 4).clip(0, 1)[:, :, None]
    clumps = smooth_noise(rng, wood.shape, (5, 12, 24, 60, 120), 0.85)
    # Light from above: the top of a clump is paler than its underside.
    lift = cv2.Sobel(cv2.GaussianBlur(clumps, (0, 0), 5), cv2.CV_32F, 0, 1, ksize=5)
    gain = np.exp(0.4 * clumps + (lift / (lift.std() + 1e-6)).clip(-2, 2) * 0.22)[:, :, None]
    trunk = wood[:, :, None] / 255 * (1 - leaf)
    color = np.array(_LEAVES[rng.integers(4)]) * gain * leaf + np.array(_BARK) * trunk
    return Texture(np.dstack([color, 255 * (leaf + trunk)]).clip(0, 255).astype(np.uint8))


def _grow(rng: np.random.Generator, wood: np.ndarray, foot: np.ndarray, angle: float, length: float,
          thick: float, forks: int) -> None:  # fmt: skip
    """Draw a branch from `foot` (x, y), in metres, and the branches that fork off it."""
    for _ in range(2):
        angle += rng.normal(0, 0.12)
        tip = foot + np.array([np.sin(angle), np.cos(angle)]) * length / 2
        ends = np.array([foot, tip]) * (1, -1) * _PLANT + (0, len(wood))
        stroke(wood, ends, 255, thick * _PLANT)
        foot, thick = tip, thick * 0.85
    for _ in range(0 if not forks else 3 if forks > 5 else 2 + int(rng.random() < 0.35)):
        bend = rng.uniform(0.25, 0.75) * rng.choice([-1, 1])
        shorter = length * rng.uniform(0.62, 0.85)
        _grow(rng, wood, foot, angle * 0.85 + bend, shorter, max(thick * 0.64, 0.02), forks - 1)


@lru_cache(maxsize=VARIANTS)
def fence(kind: int) -> tuple[Texture, float]:
    """Picture and height in metres of a fence: iron railings on a wall, boards, or a brick wall."""
    height, color = ((1.5, (96, 88, 76)), (1.7, (74, 62, 48)), (1.3, (104, 92, 78)))[kind % 3]
    wall = _Wall(kind, FENCE_LENGTH, height, np.array(color))
    picture = cv2.cvtColor(wall.picture, cv2.COLOR_RGB2RGBA)
    if kind % 3 == 0:
        picture[: len(picture) * 4 // 5] = (8, 8, 9, 55)  # CamVid counts the gaps, too, as fence
        picture[: len(picture) * 4 // 5, ::4] = picture[2:4] = (34, 36, 38, 255)
    elif kind % 3 == 1:
        picture[:, ::6, :3] //= 3
    picture[:2, :, :3] = (140, 136, 126)
    return Texture(picture), height


@lru_cache(maxsize=1)
def lamp_post() -> Mesh:
    """A street lamp whose arm reaches towards positive x."""
    mesh = Mesh()
    mesh.box((-0.08, 0, -0.08), (0.08, 7, 0.08), _STEEL, POLE)
    mesh.box((-0.12, 0, -0.12), (0.12, 1.2, 0.12), _STEEL, POLE)
    mesh.box((0, 6.95, -0.05), (1.5, 7.05, 0.05), _STEEL, POLE)
    mesh.box((0.8, 6.88, -0.14), (1.5, 7, 0.14), (130, 132, 130), POLE)
    return mesh


@lru_cache(maxsize=VARIANTS)
def sign(kind: int) -> Mesh:
    """A sign that faces the traffic along z: prohibition, instruction, parking or diversion."""
    square = np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0.0)])
    shape, rim, field = (
        (DISC, _RED, _WHITE), (DISC, _WHITE, _BLUE), (square, _WHITE, _BLUE), (square, _DARK, _AMBER)
    )[kind % 4]  # fmt: skip
    mesh, middle, front = Mesh(), np.array([0, 2.4, -0.06]), (0, 0, -1)
    mesh.box((-0.045, 0, -0.045), (0.045, 2.4, 0.045), _STEEL, POLE)
    mesh.face(shape * 0.38 + middle, (0, 0, 1), _STEEL, SIGN)
    mesh.face(shape * 0.38 + middle, front, rim, SIGN)
    mesh.face(shape * (0.27 if rim is _RED else 0.34) + middle, front, field, SIGN)
    mesh.face(square * (0.19, 0.045, 0) + middle, front, _WHITE if field is _BLUE else _DARK, SIGN)
    return mesh


@lru_cache(maxsize=1)
def traffic_light() -> Mesh:
    """A traffic light for the traffic along z; it shows green."""
    mesh = Mesh()
    mesh.box((-0.06, 0, -0.06), (0.06, 2.4, 0.06), _STEEL, POLE)
    mesh.box((-0.22, 2.4, -0.22), (0.22, 3.5, 0.06), _DARK, SIGN)
    for y, color, shine in ((3.28, _RED, 0.3), (2.95, _AMBER, 0.3), (2.62, _GREEN, 1.7)):
        mesh.face(DISC * 0.12 + (0, y, -0.23), (0, 0, -1), np.array(color) * shine, SIGN)
    return mesh
