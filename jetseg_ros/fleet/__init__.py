"""Many recordings through the model at the same time, with one report over all of them."""

from jetseg_ros.fleet.bags import is_one_bag
from jetseg_ros.fleet.command import replay_fleet_with_report
from jetseg_ros.fleet.settings import FleetSettings
from jetseg_ros.fleet.summary import format_fleet_report

__all__ = ["FleetSettings", "format_fleet_report", "is_one_bag", "replay_fleet_with_report"]
