"""Everything there is to look at without ROS."""

from __future__ import annotations

from collections.abc import Iterator

from jetseg_core.doctor.finding import Finding
from jetseg_core.doctor.software_checks import examine_software


def examine_core(checkpoint: str) -> Iterator[Finding]:
    """Packages, then the machine, then inference; what cannot be looked at without a package is left out.

    Args:
        checkpoint: name of a shipped model, or path of a .pt or .onnx file.
    """
    works = True
    for finding in examine_software():
        works = works and finding.state != "fail"
        yield finding
    if not works:  # the rest would fail for the same reasons
        return
    from jetseg_core.doctor.inference_checks import examine_inference
    from jetseg_core.doctor.machine_checks import examine_machine

    yield from examine_machine()
    yield from examine_inference(checkpoint)
