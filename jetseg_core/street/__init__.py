"""Procedural street scenes: pictures of a drive with exact labels, when no recorded data is at hand."""

from jetseg_core.street.scene import StreetScene

__all__ = ["StreetScene"]
