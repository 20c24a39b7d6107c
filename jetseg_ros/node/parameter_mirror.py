"""A frozen dataclass mirrored as the declared parameters of a node."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter

from jetseg_core.errors import JetSegError

T = TypeVar("T")


class Applies(Enum):
    """When a change of a parameter takes effect."""

    LIVE = "on the next frame"
    CONFIGURE = "at the next configure"
    """Refused while the node is configured, so that what is set is what runs."""
    START = "at start"
    """Read-only."""


@dataclass(frozen=True)
class Declaration:
    """What a parameter's descriptor says beside its type and default."""

    name: str
    description: str
    applies: Applies
    minimum: float | None
    maximum: float | None

    def descriptor(self, default: object) -> ParameterDescriptor:
        """The descriptor of a parameter with this default value."""
        descriptor = ParameterDescriptor(
            name=self.name,
            description=self.description,
            additional_constraints=f"A change takes effect {self.applies.value}.",
            read_only=self.applies is Applies.START,
        )
        if self.minimum is not None and self.maximum is not None:
            if isinstance(default, float):
                descriptor.floating_point_range = [
                    FloatingPointRange(from_value=self.minimum, to_value=self.maximum)
                ]
            else:
                descriptor.integer_range = [
                    IntegerRange(from_value=int(self.minimum), to_value=int(self.maximum), step=1)
                ]
        return descriptor


def parameter(
    default: Any,
    description: str,
    *,
    name: str,
    applies: Applies = Applies.LIVE,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    """A dataclass field that is mirrored as the ROS parameter `name`.

    Args:
        default: bool, int, float, str, or a tuple of one of them (a ROS array).
        description: for `ros2 param describe`; units and meaning of special values.
        name: ROS name, dots make groups.
        applies: when a change takes effect.
        minimum, maximum: inclusive range of a number; both or neither.
    """
    declaration = Declaration(name, description, applies, minimum, maximum)
    return dataclasses.field(default=default, metadata={"parameter": declaration})


class ParameterMirror(Generic[T]):
    """Declares a dataclass's parameters on a node and keeps `values` equal to them.

    The dataclass checks itself in `__post_init__` (raising `JetSegError`); a change that it refuses
    is refused as a parameter change, with its reason.

    Args:
        node: the node to declare on.
        kind: a frozen dataclass of `parameter` fields.
        configured: whether parameters that apply at configure are in use now.
    """

    def __init__(self, node: Node, kind: type[T], configured: Callable[[], bool]) -> None:
        self._configured = configured
        self._fields: dict[str, tuple[str, Declaration]] = {}
        self._invalid: dict[str, str] = {}
        self.values: T = kind()
        for item in dataclasses.fields(kind):  # type: ignore[arg-type]
            declaration: Declaration = item.metadata["parameter"]
            self._fields[declaration.name] = (item.name, declaration)
            default = list(item.default) if isinstance(item.default, tuple) else item.default
            descriptor = declaration.descriptor(item.default)
            try:
                value = node.declare_parameter(declaration.name, default, descriptor).value
                self._store({item.name: _plain(value)})
            except (
                InvalidParameterTypeException,
                InvalidParameterValueException,
                JetSegError,
            ) as error:
                # A node that dies while it is being constructed can't be inspected or mended:
                # it comes up with the default, and `check` refuses to go on with it.
                self._invalid[declaration.name] = str(error)
                if not node.has_parameter(declaration.name):
                    node.declare_parameter(
                        declaration.name, default, descriptor, ignore_override=True
                    )
        node.add_on_set_parameters_callback(self._on_set)

    def check(self) -> None:
        """Refuse to go on with a parameter that was given a bad value at start and not mended.

        Raises:
            JetSegError: names the parameters and what is wrong with their values.
        """
        if self._invalid:
            raise JetSegError("; ".join(self._invalid.values()))

    def _on_set(self, parameters: list[Parameter]) -> SetParametersResult:
        known = [change for change in parameters if change.name in self._fields]
        for change in known:
            applies = self._fields[change.name][1].applies
            if applies is Applies.CONFIGURE and self._configured():
                return SetParametersResult(
                    successful=False,
                    reason=f"{change.name} is read when the node is configured; deactivate it, "
                    "clean it up, set the parameter, then configure it again",
                )
        try:
            self._store({self._fields[change.name][0]: _plain(change.value) for change in known})
        except JetSegError as error:
            return SetParametersResult(successful=False, reason=str(error))
        for change in known:
            self._invalid.pop(change.name, None)
        return SetParametersResult(successful=True)

    def _store(self, changes: dict[str, Any]) -> None:
        self.values = dataclasses.replace(self.values, **changes)  # type: ignore[type-var]


def _plain(value: Any) -> Any:
    scalar = isinstance(value, (bool, int, float, str))
    return value if scalar else tuple(value)
