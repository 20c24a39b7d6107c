"""A frozen dataclass mirrored as the declared parameters of a node."""

from __future__ import annotations

import dataclasses
import difflib
import reprlib
from array import array
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

from jetseg_core.errors import JetSegError, one_line

T = TypeVar("T")

KINDS: dict[type, tuple[Parameter.Type, str, Parameter.Type, str]] = {
    bool: (Parameter.Type.BOOL, "true or false", Parameter.Type.BOOL_ARRAY, "true or false"),
    int: (Parameter.Type.INTEGER, "a whole number", Parameter.Type.INTEGER_ARRAY, "whole numbers"),
    float: (Parameter.Type.DOUBLE, "a number", Parameter.Type.DOUBLE_ARRAY, "numbers"),
    str: (
        Parameter.Type.STRING,
        "text, in quotes if it looks like a number",
        Parameter.Type.STRING_ARRAY,
        "texts",
    ),
}
"""ROS type and words of a value of each Python type, then of a list of such values."""

MOST_NAMES = 20
"""Unknown names in one warning."""


class Applies(Enum):
    """Time at which a change of a parameter takes effect."""

    LIVE = "on the next frame"
    CONFIGURE = "at the next configure"
    """Refused while the node is configured, so that what is set is what runs."""
    START = "at start"
    """Read-only."""


@dataclass(frozen=True)
class Declaration:
    """Facts of a parameter's descriptor beside its type and default."""

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
        # Humble cannot convert a value before its type is checked; there, any type passes that check.
        descriptor.dynamic_typing = not hasattr(Node, "add_pre_set_parameters_callback")
        return descriptor

    def convert(self, default: object, value: Any) -> Any:
        """A value as the type of the default: bool, int, float, str, or a list of one of them.

        YAML and ``ros2 param set`` write 100 for 100.0. An empty list has no type in ROS; for texts it becomes [''],
        which stands for it.

        Raises:
            JetSegError: the value is of another type, or out of range.
        """
        if not isinstance(default, tuple):
            number = type(default) is float and type(value) is int
            if type(value) is type(default) or number:
                return self._in_range(float(value) if number else value)
            raise JetSegError(f"{self.name} is {_shown(value)}; expected {KINDS[type(default)][1]}")
        element = type(default[0])
        # rclpy's value of an empty list in a parameter file is None.
        values = list(value) if isinstance(value, (list, tuple, array)) else value
        if not values and not isinstance(values, (bool, int, float, str)):
            values = [""] if element is str else []
        if isinstance(values, list):
            if element is float:
                values = [float(each) if type(each) is int else each for each in values]
            if all(type(each) is element for each in values):
                return values
        raise JetSegError(
            f"{self.name} is {_shown(value)}; expected a list of {KINDS[element][3]}, such as {list(default)}"
        )

    def _in_range(self, value: Any) -> Any:
        if self.minimum is None or self.maximum is None or self.minimum <= value <= self.maximum:
            return value
        raise JetSegError(
            f"{self.name} is {value}, out of range; expected {self.minimum:g} to {self.maximum:g}"
        )

    def converted(self, default: object, change: Parameter) -> Parameter:
        """The change with its value converted; unchanged if that is impossible, so that rclpy refuses it."""
        if change.type_ is Parameter.Type.NOT_SET:  # a request to undeclare
            return change
        try:
            value = self.convert(default, change.value)
        except JetSegError:
            return change
        kind = KINDS[type(default[0])][2] if isinstance(default, tuple) else KINDS[type(default)][0]
        return Parameter(self.name, kind, value)


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
        configured: returns True while parameters that apply at configure are in use.
    """

    def __init__(self, node: Node, kind: type[T], configured: Callable[[], bool]) -> None:
        self._node = node
        self._configured = configured
        self._fields: dict[str, tuple[str, Declaration]] = {}
        self._defaults: dict[str, Any] = {}
        self._invalid: dict[str, str] = {}
        self.values: T = kind()
        for item in dataclasses.fields(kind):  # type: ignore[arg-type]
            declaration: Declaration = item.metadata["parameter"]
            self._fields[declaration.name] = (item.name, declaration)
            self._defaults[declaration.name] = item.default
            self._declare(item.name, declaration, item.default)
        if hasattr(node, "add_pre_set_parameters_callback"):
            node.add_pre_set_parameters_callback(self._converted)
        node.add_on_set_parameters_callback(self._on_set)
        self.warn_of_unknown_names()

    def _declare(self, field: str, declaration: Declaration, default: Any) -> None:
        """Declare with the value given at start, or with the default and a note in `_invalid` if that is wrong."""
        name, descriptor = declaration.name, declaration.descriptor(default)
        fallback = list(default) if isinstance(default, tuple) else default
        given = (
            self._node._parameter_overrides
        )  # rclpy has no public name for the values given at start
        try:
            value = declaration.convert(default, given[name].value) if name in given else fallback
            self._node.declare_parameter(name, value, descriptor, ignore_override=True)
            self._store({field: _plain(value)})
        except (
            InvalidParameterTypeException,
            InvalidParameterValueException,
            JetSegError,
        ) as error:
            # A node that dies while it is being constructed can't be inspected or corrected:
            # it comes up with the default, and `check` refuses to go on with it.
            self._invalid[name] = one_line(str(error))
            if not self._node.has_parameter(name):
                self._node.declare_parameter(name, fallback, descriptor, ignore_override=True)

    def warn_of_unknown_names(self, qos_overrides: bool = False) -> None:
        """Warn of parameters that were set at start and that the node does not have, with the nearest one it has.

        Args:
            qos_overrides: True to look at these alone, once the subscriptions that declare them exist.
        """
        known = list(self._node._parameters)
        unknown = []
        for name in self._node._parameter_overrides:
            if name in known or name.startswith("qos_overrides.") is not qos_overrides:
                continue
            near = difflib.get_close_matches(name[:200], known, n=1, cutoff=0.5)
            unknown.append(_shown(name) + (f" (did you mean {near[0]}?)" if near else ""))
        if unknown:
            more = f" and {len(unknown) - MOST_NAMES} more" if len(unknown) > MOST_NAMES else ""
            self._node.get_logger().warning(
                f"unknown parameters are ignored: {', '.join(unknown[:MOST_NAMES])}{more}; "
                f"ros2 param list {self._node.get_fully_qualified_name()} prints those there are"
            )

    def check(self) -> None:
        """Raise if a parameter was given a bad value at start that was not corrected.

        Raises:
            JetSegError: names the parameters and what is wrong with their values.
        """
        if self._invalid:
            raise JetSegError("; ".join(self._invalid.values()))

    def _converted(self, parameters: list[Parameter]) -> list[Parameter]:
        return [
            self._fields[change.name][1].converted(self._defaults[change.name], change)
            if change.name in self._fields
            else change
            for change in parameters
        ]

    def _on_set(self, parameters: list[Parameter]) -> SetParametersResult:
        known = [change for change in parameters if change.name in self._fields]
        for change in known:
            if change.type_ is Parameter.Type.NOT_SET:
                return SetParametersResult(
                    successful=False, reason=f"{change.name} cannot be undeclared"
                )
            applies = self._fields[change.name][1].applies
            if applies is Applies.CONFIGURE and self._configured():
                return SetParametersResult(
                    successful=False,
                    reason=f"{change.name} is read when the node is configured; deactivate it, "
                    "clean it up, set the parameter, then configure it again",
                )
        try:
            changes: dict[str, Any] = {}
            for change in known:
                field, declaration = self._fields[change.name]
                value = declaration.convert(self._defaults[change.name], change.value)
                changes[field] = _plain(value)
            self._store(changes)
        except JetSegError as error:
            return SetParametersResult(successful=False, reason=one_line(str(error)))
        for change in known:
            self._invalid.pop(change.name, None)
        return SetParametersResult(successful=True)

    def _store(self, changes: dict[str, Any]) -> None:
        self.values = dataclasses.replace(self.values, **changes)  # type: ignore[type-var]


def _plain(value: Any) -> Any:
    scalar = isinstance(value, (bool, int, float, str))
    return value if scalar else tuple(value)


def _shown(value: Any) -> str:
    """A value in an error message, cut to a readable length before it is made text."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = 100
    return short.repr(value)
