"""A node in a process of its own, watched by the demo."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from jetseg_core.errors import JetSegError

STOP_TIMEOUT_S = 5.0
LAST_LINES = 15


class Child:
    """Runs ``python -m MODULE --ros-args -p NAME:=VALUE ...``, at most until the `with` block ends.

    Args:
        module: what to run.
        parameters: ROS parameters, as text.
        log: file for all that the process prints.
        namespace: of the node; empty = none.
    """

    def __init__(
        self, module: str, parameters: Mapping[str, str], log: Path, namespace: str = ""
    ) -> None:
        self._module = module
        self._log = log
        command = [sys.executable, "-m", module, "--ros-args"]
        for name, value in parameters.items():
            command += ["-p", f"{name}:={value}"]
        if namespace:
            command += ["-r", f"__ns:=/{namespace}"]
        with log.open("wb") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if not self.ended():
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if exc_type is None:
            self.check()

    def ended(self) -> bool:
        """Whether the process has ended, well or not."""
        return self._process.poll() is not None

    def check(self) -> None:
        """Complain if the process has failed.

        Raises:
            JetSegError: it ended with an error; the message holds the last lines that it printed.
        """
        if self._process.poll():
            lines = self._log.read_text(errors="replace").splitlines()[-LAST_LINES:]
            raise JetSegError(
                f"{self._module} ended with status {self._process.returncode}; its last output:\n"
                + "\n".join(f"  {line}" for line in lines)
            )
