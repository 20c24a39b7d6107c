"""Procedural street scenes: pictures of a drive with exact labels, when no recorded data is at hand."""

from jetseg_core.data.street_scene.scene import StreetScene

__all__ = ["StreetScene"]
