"""A node as a process: how it starts, and how it ends."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import TypeVar

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node

from jetseg_core.allocator import keep_freed_memory
from jetseg_core.errors import JetSegError

NodeType = TypeVar("NodeType", bound=Node)


def run_node(
    create: Callable[[], NodeType],
    start: Callable[[NodeType], bool],
    args: list[str] | None = None,
) -> int:
    """Create a node, start it, and spin it until it is interrupted or shuts its context down.

    Args:
        create: makes the node, once rclpy is initialised.
        start: called before spinning; False ends the process.
        args: command line without the program's name; None = this process's.

    Returns:
        Exit status: 0 after an interrupt (SIGINT, SIGTERM) or shutdown, 2 when the node could not
            start.
    """
    keep_freed_memory()
    # rclpy's own handler ends spinning only; as an interrupt, SIGTERM ends the loading of a model
    # too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    rclpy.init(args=args)
    node: NodeType | None = None
    try:
        node = create()
        if not start(node):
            return 2
        # One thread: no callback takes long, and rclpy's multi-threaded executor is much slower.
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except JetSegError as error:
        print(f"error: {error}", file=sys.stderr)
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
