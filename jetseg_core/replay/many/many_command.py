"""The replay of many recordings, from the paths that a user names to the finished report."""

from __future__ import annotations

from jetseg_core.errors import JetSegError
from jetseg_core.output_places import check_apart, check_replaceable, is_record
from jetseg_core.replay.many.bags import find_bags
from jetseg_core.replay.many.crew import Crew
from jetseg_core.replay.many.many_page import save_many_page
from jetseg_core.replay.many.many_report import ManyReport, make_many_report
from jetseg_core.replay.many.many_run import check_begun, check_labels, replay_bags, settings_of
from jetseg_core.replay.many.many_settings import FleetSettings
from jetseg_core.replay.many.processes import ProcessCrew
from jetseg_core.replay.report.replay_report import FILE as REPORT_FILE
from jetseg_core.replay.report.replay_report import save_report
from jetseg_core.replay.report.report_page import FILE as PAGE_FILE
from jetseg_core.replay.run.replay_outputs import places_read
from jetseg_core.replay.run.run_record import FILE as RUN_FILE


def replay_fleet_with_report(settings: FleetSettings) -> ManyReport:
    """Replay every recording into a folder of its own, and write report.json and report.html over all of them.

    A recording that cannot be replayed is told in the report, and does not keep the others from it.

    Raises:
        JetSegError: see `find_bags`, `check_labels` and `check_begun`; or `out` is, holds or lies in what is read, or
            another's report is in the way there; or no recording could be replayed.
    """
    out = settings.each.out
    if (out / RUN_FILE).is_file():
        raise JetSegError(
            f"--out {out}: holds the replay of a single recording; name another folder"
        )
    bags = find_bags(settings.paths, out)
    check_apart(
        [out], [place for bag in bags for place in places_read(bag.path, settings.each.labels)]
    )
    # The page goes first and comes last, so that it never lies there without what tells whose it is.
    reports = (PAGE_FILE, REPORT_FILE)
    check_replaceable(
        out, reports, reports if is_record(out / REPORT_FILE, ("recordings", "bags")) else ()
    )
    check_labels(bags, settings.each)
    each = [settings_of(bag, settings.each) for bag in bags]
    check_begun(each, model_here=not settings.ray)
    crew = _crew(settings, len(bags))
    for name in reports:  # they tell of another run
        (out / name).unlink(missing_ok=True)
    outcomes = replay_bags(bags, each, crew)
    report = make_many_report(out, bags, outcomes)
    save_report(out, report)
    save_many_page(out, report)
    return report


def _crew(settings: FleetSettings, bags: int) -> Crew:
    runtime = settings.each.runtime
    if settings.ray:
        from jetseg_core.replay.many.on_ray import RayCrew

        size = settings.workers or bags
        return RayCrew(settings.ray, size, runtime.threads, gpu=runtime.device == "cuda")
    return ProcessCrew(min(settings.workers or 1, bags), runtime.threads)
