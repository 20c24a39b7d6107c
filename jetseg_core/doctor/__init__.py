"""Examination of an installation and its machine, with advice for everything that does not work."""

from jetseg_core.doctor.finding import Check, Finding, State, examine, report

__all__ = ["Check", "Finding", "State", "examine", "report"]
