"""What works on this machine, what does not, and how to mend it."""

from jetseg_core.doctor.examination import examine_core
from jetseg_core.doctor.finding import Finding, State, report

__all__ = ["Finding", "State", "examine_core", "report"]
