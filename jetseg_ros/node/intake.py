"""A thread that takes the messages of a node's busiest subscriptions, at a fraction of an executor's cost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from copy import copy
from functools import partial
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.impl.implementation_singleton import rclpy_implementation as _rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription

NEWEST = QoSProfile(
    depth=1,
    # Best effort hears both kinds of camera, too, but loses images over half a megabyte. Humble has nothing better.
    reliability=getattr(ReliabilityPolicy, "BEST_AVAILABLE", ReliabilityPolicy.BEST_EFFORT),
)
"""Sensor data: a newer message replaces one that waits. Reliable if all publishers are."""


RELIABILITIES = (ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE)
"""Reliabilities that ROS does not choose itself."""


class _TakenElsewhere(ReentrantCallbackGroup):
    """Keeps executors away."""

    def can_execute(self, entity: object) -> bool:
        return False


class Intake:
    """Subscribes, and from `start` until `stop` calls the callbacks from a thread of its own.

    An executor of rclpy gathers all entities of the node, services and timers included, into a new wait set, twice
    a message and with the interpreter locked; that costs the same for a message of any size, and delays the thread that
    segments. This thread waits for its subscriptions alone, with the wait set that `rclpy.wait_for_message` uses; for
    their QoS events too, since an executor that waits for those is woken by every message.

    rclpy has an executor without a wait set, `rclpy.experimental.EventsExecutor`, but it cannot take this thread's
    place: with rclpy 7.1.6, `spin` of a bare node with a timer and a subscription never called the timer and ended by
    SIGKILL only.

    Callbacks must be quick, and their exceptions are logged.

    Args:
        node: the subscriptions' owner, which shows them in the graph as its own.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._group = _TakenElsewhere()
        self._subscriptions: list[Subscription] = []
        self._events: list[Any] = []
        self._stopping = False
        self._wake = node.create_guard_condition(lambda: None, self._group)
        self._thread = threading.Thread(target=self._run, name="jetseg-intake", daemon=True)

    def subscribe(
        self, kind: type, topic: str, callback: Callable[[Any], None], qos: QoSProfile = NEWEST
    ) -> None:
        """Subscribe, with `qos_overrides` parameters; to be called before `start`."""
        subscription = self._node.create_subscription(
            kind,
            topic,
            callback,
            copy(qos),  # the overrides are written into it
            callback_group=self._group,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(
                callback=partial(self._settle, self._node.resolve_topic_name(topic))
            ),
        )
        self._subscriptions.append(subscription)
        self._events.extend(subscription.event_handlers)  # type: ignore[arg-type]  # rclpy's annotation says one

    def start(self) -> None:
        """Begin to take messages."""
        self._thread.start()

    def stop(self) -> None:
        """End after the callback that is under way, if any, and unsubscribe."""
        self._stopping = True
        if self._thread.is_alive():
            self._wake.trigger()
            self._thread.join()
        self._node.destroy_guard_condition(self._wake)
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)

    def _settle(self, topic: str, qos: QoSProfile) -> SetParametersResult:
        """Begin with best effort, which hears every camera, if there is none yet; ROS would begin with reliable."""
        if not (qos.reliability in RELIABILITIES or self._node.get_publishers_info_by_topic(topic)):
            qos.reliability = ReliabilityPolicy.BEST_EFFORT
        return SetParametersResult(successful=True)

    def is_outdated(self) -> bool:
        """True if a subscription no longer has the best reliability, because a camera came later.

        ROS chooses it only once, when the subscription is made.
        """
        return any(self._differs(subscription.topic_name) for subscription in self._subscriptions)

    def _differs(self, topic: str) -> bool:
        parameter = f"qos_overrides.{topic}.subscription.reliability"
        offered = {
            publisher.qos_profile.reliability
            for publisher in self._node.get_publishers_info_by_topic(topic)
        }
        if not offered or self._node.get_parameter(parameter).value != "best_available":
            return False
        best = (
            ReliabilityPolicy.BEST_EFFORT
            if ReliabilityPolicy.BEST_EFFORT in offered
            else ReliabilityPolicy.RELIABLE
        )
        return any(
            own.qos_profile.reliability != best
            for own in self._node.get_subscriptions_info_by_topic(topic)
            if (own.node_name, own.node_namespace)
            == (self._node.get_name(), self._node.get_namespace())
        )

    def _run(self) -> None:
        context = self._node.context
        wait_set: _rclpy.WaitSet | None = None
        while not self._stopping:
            try:
                wait_set = wait_set or _rclpy.WaitSet(
                    len(self._subscriptions), 1, 0, 0, 0, len(self._events), context.handle
                )
                self._take_next(wait_set)
            except Exception as error:
                if not context.ok():  # an interrupt took the middleware away
                    return
                self._node.get_logger().error(
                    f"{type(error).__name__} while taking messages: {error}",
                    throttle_duration_sec=1.0,
                )

    def _take_next(self, wait_set: _rclpy.WaitSet) -> None:
        wait_set.clear_entities()
        wait_set.add_guard_condition(self._wake.handle)
        for subscription in self._subscriptions:
            wait_set.add_subscription(subscription.handle)
        for event in self._events:
            event.add_to_wait_set(wait_set)
        wait_set.wait(-1)
        ready = wait_set.get_ready_entities("subscription")
        for subscription in self._subscriptions:
            if subscription.handle.pointer in ready:
                taken = subscription.handle.take_message(subscription.msg_type, subscription.raw)
                if taken is not None and not self._stopping:
                    subscription.callback(taken[0])
        for event in self._events:
            if event.is_ready(wait_set) and (status := event.take_data()):
                event.callback(status)


def explain_silence(node: Node, kind: type, topic: str) -> str:
    """The reason why a subscription gets no messages, as far as the graph shows it, and the remedy.

    Args:
        node: the subscriber.
        kind: message class of the subscription.
        topic: its name.
    """
    wanted = _type_name(kind)
    name = node.resolve_topic_name(topic)
    publishers = node.get_publishers_info_by_topic(name)
    if not publishers:
        others = [other for other, kinds in node.get_topic_names_and_types() if wanted in kinds]
        found = [
            other
            for other in others
            if node.count_publishers(other) and "/segmentation/" not in other
        ]
        hint = f"remap it to one of {', '.join(sorted(found)[:5])}" if found else "start the camera"
        return f"nobody publishes {name} ({wanted}); {hint}"
    types = sorted({publisher.topic_type for publisher in publishers})
    if wanted not in types:
        return (
            f"{name} has {len(publishers)} publishers of {', '.join(types)}, and {wanted} is wanted; remap it, or "
            "set input.transport to the camera's (raw or compressed)"
        )
    return (
        f"{name} has {len(publishers)} publishers of {wanted} and none has sent a message that fits; check the camera, "
        f"and its quality of service against this node's (ros2 topic info -v {name})"
    )


def _type_name(kind: type) -> str:
    """ROS name of a message class, such as sensor_msgs/msg/Image."""
    package, middle, _ = kind.__module__.split(".", 2)
    return f"{package}/{middle}/{kind.__name__}"
