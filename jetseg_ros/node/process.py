"""A node as a process: start, end, and requests that must not end it."""

from __future__ import annotations

import argparse
import atexit
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import rclpy
from rcl_interfaces.msg import SetParametersResult
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.service import Service

from jetseg_core.allocator import keep_freed_memory
from jetseg_core.errors import JetSegError, one_line
from jetseg_core.installed_files import installed_folders
from jetseg_ros.node.command_line import (
    check_file,
    check_own_arguments,
    given_files,
    initialise,
    sections,
)

NodeType = TypeVar("NodeType", bound=Node)


def answer_every_request(node: Node) -> None:
    """Turn an exception in a service of the node into an answer of failure and one line in the log.

    rclpy lets it end the node, for example after a lifecycle request that does not fit the state, or a
    parameter of an unknown type.
    """

    def guarded(service: Service) -> Callable[[Any, Any], Any]:
        serve = service.callback

        def answer(request: Any, response: Any) -> Any:
            try:
                return serve(request, response)
            except Exception as error:
                node.get_logger().error(
                    f"{service.srv_name}: request refused: {str(error).splitlines()[0]}"
                    if str(error)
                    else f"{service.srv_name}: request refused: {type(error).__name__}"
                )
                return _failure(service.srv_type, request)

        return answer

    for service in node.services:
        service.callback = guarded(service)


def _failure(service_type: Any, request: Any) -> Any:
    """The answer of failure: `success` of a lifecycle request is false, and so is that of each parameter."""
    response = service_type.Response()
    if hasattr(request, "parameters") and hasattr(response, "results"):
        refused = SetParametersResult(successful=False, reason="a value is malformed")
        response.results = [refused for _ in request.parameters]
    return response


def run_node(
    create: Callable[[], NodeType],
    start: Callable[[NodeType], bool],
    args: Sequence[str] | None = None,
    parser: argparse.ArgumentParser | None = None,
) -> int:
    """Create a node, start it, and spin it until it is interrupted or shuts its context down.

    Args:
        create: makes the node, once rclpy is initialised.
        start: called before spinning; False ends the process.
        args: command line without the program's name; None = this process's.
        parser: see `node_parser`; answers --help and --version.

    Returns:
        Exit status: 0 after an interrupt (SIGINT, SIGTERM) or shutdown, 2 when the node could not
            start.
    """
    keep_freed_memory()
    words = list(sys.argv[1:] if args is None else args)
    node: NodeType | None = None
    with one_interrupt():
        try:
            if parser is not None:
                check_own_arguments(parser, words)
            files = given_files(words)
            for file in files:
                sections(file)
            initialise(words)
            node = create()
            for file in files:
                check_file(file, node.get_fully_qualified_name())
            if not start(node):
                return 2
            # One thread: no callback takes long, and rclpy's multi-threaded executor is much slower.
            executor = SingleThreadedExecutor()
            executor.add_node(node)
            executor.spin()
        except (KeyboardInterrupt, ExternalShutdownException):
            pass
        except JetSegError as error:
            print(f"error: {one_line(str(error), 2000)}", file=sys.stderr)
            return 2
        except RuntimeError:
            # A signal shuts the context down before it interrupts; what is published in between fails.
            if rclpy.ok():
                raise
        finally:
            if node is not None:
                node.destroy_node()
            rclpy.try_shutdown()
    return 0


@contextmanager
def one_interrupt() -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into a KeyboardInterrupt, and ignore later ones to the end of the process.

    rclpy's own handler ends spinning only; as an interrupt, a signal ends the loading of a model, too.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    interrupted = False

    def interrupt(*_: object) -> None:
        nonlocal interrupted
        if not interrupted:
            interrupted = True
            # The interpreter's end takes Python's handlers away first.
            atexit.register(_ignore_signals)
            raise KeyboardInterrupt

    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        if not interrupted:
            for number, handler in before.items():
                signal.signal(number, handler)


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


STOP_TIMEOUT_S = 5.0
LAST_LINES = 15


class NodeProcess:
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

    def __enter__(self) -> NodeProcess:
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
        """True if the process has ended, well or not."""
        return self._process.poll() is not None

    def check(self) -> None:
        """Raise if the process has failed.

        Raises:
            JetSegError: it ended with an error; the message holds the last lines that it printed.
        """
        if self._process.poll():
            lines = self._log.read_text(errors="replace").splitlines()[-LAST_LINES:]
            raise JetSegError(
                f"{self._module} ended with status {self._process.returncode}; its last output:\n"
                + "\n".join(f"  {line}" for line in lines)
            )


def stay_on_this_machine() -> None:
    """Set up this process, and those it starts, before rclpy is initialised.

    DDS is kept on the loopback interface, apart from other ROS 2 systems, and with room for images
    in shared memory. Variables that are set already stay as they are.
    """
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    if os.environ.get("ROS_DISTRO") == "humble":  # its name for the same
        os.environ.setdefault("ROS_LOCALHOST_ONLY", "1")
    # Above 101 the ports of a domain may belong to other programs.
    os.environ.setdefault("ROS_DOMAIN_ID", str(random.randint(1, 101)))
    for folder in installed_folders("config")[:1]:
        for variable in ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE"):
            os.environ.setdefault(variable, str(folder / "fastdds.xml"))
