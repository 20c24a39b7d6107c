"""The results of a replay as a rosbag2 recording, written in parts so that it can be continued."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rosbags.interfaces import (
    Nodetype,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

from jetseg_core.atomic_file import replacing
from jetseg_core.errors import JetSegError
from jetseg_core.recording.message_fields import IMAGE, Fields, image_fields
from jetseg_core.recording.message_types import bag_types
from jetseg_core.recording.recording import METADATA
from jetseg_core.replay.run.frame_reader import InputCamera
from jetseg_core.results.outputs import OUTPUTS
from jetseg_core.results.segmented_frame import SegmentedFrame

FOLDER = "bag"
LABEL, TRUTH, OVERLAY, MASK = "label", "truth", "overlay/compressed", "mask"
_MODEL_INFO, _MODEL_INFO_TOPIC = "jetseg/msg/ModelInfo", "/segmentation/model_info"
_INFORMATION, _ROWS = "rosbag2_bagfile_information", "jetseg_rows"
_PART = re.compile(r"bag_(\d+)(\.mcap)?")
_PARTIAL = re.compile(re.escape(METADATA) + r"(\.\d+\.partial|\.tmp)?")
_FOREVER = QosTime(9223372036, 854775807)
_LATCHED = Qos(
    QosHistory.KEEP_LAST,
    1,
    QosReliability.RELIABLE,
    QosDurability.TRANSIENT_LOCAL,
    _FOREVER,
    _FOREVER,
    QosLiveliness.AUTOMATIC,
    _FOREVER,
    False,
)


def topic_of(prefix: str, output: str) -> str:
    """Topic of an output of the camera with this prefix, as the node names it."""
    return f"{prefix}/segmentation/{output}"


class OutputBag:
    """Writes ``<folder>/bag_<n>.mcap`` and their metadata.yaml.

    It continues after existing parts. A part that was closed is safe; an unclosed one is dropped.

    Args:
        folder: the recording's folder; `check_bag_folder` has found nothing else in it.
        model: fields of jetseg/ModelInfo, sent once, latched.
        labels: whether there is ground truth to write.
        mask: whether there are masks to write.
    """

    def __init__(
        self,
        folder: Path,
        cameras: Sequence[InputCamera],
        model: Fields,
        labels: bool,
        mask: bool = False,
    ) -> None:
        self._folder, self._cameras, self._model = folder, cameras, model
        self._outputs = [
            output
            for output in OUTPUTS.values()
            if output.in_bag and (mask or output.topic != MASK)
        ]
        self._types = {output.topic: output.message_type for output in self._outputs}
        if labels:
            self._types[TRUTH] = IMAGE
        folder.mkdir(parents=True, exist_ok=True)
        information = _information(folder)
        self._parts: int = len(information["relative_file_paths"]) if information else 0
        self.rows: int = int(information["custom_data"][_ROWS]) if information else 0
        """Frames, failed ones included, that the ended parts cover."""
        for leftover in folder.glob("bag_*"):
            if leftover.is_dir():
                shutil.rmtree(leftover)
            elif not information or leftover.name not in information["relative_file_paths"]:
                leftover.unlink()
        self._writer: Writer | None = None
        self._connections: dict[str, Any] = {}

    def write(
        self,
        camera: InputCamera,
        recorded_ns: int,
        header: Any,
        found: SegmentedFrame,
        truth: np.ndarray | None,
    ) -> None:
        """Write a frame's outputs under its header and time of recording."""
        if self._writer is None:
            self._begin_part(recorded_ns, header)
        messages = {output.topic: output.fields(found) for output in self._outputs}
        if truth is not None:
            messages[TRUTH] = image_fields(truth)
        for name, fields in messages.items():
            if fields is not None:
                topic = topic_of(camera.prefix, name)
                self._write(topic, recorded_ns, self._types[name], header, fields)

    def end_part(self, rows: int) -> None:
        """Close the current part, which makes it safe.

        Args:
            rows: frames, failed ones included, that all parts cover now.
        """
        if self._writer is None:
            return
        self._writer.close()
        part = self._writer.path
        self._writer = None
        self._connections.clear()
        (part / f"{part.name}.mcap").replace(self._folder / f"{part.name}.mcap")
        self._list_part(yaml.safe_load((part / METADATA).read_text())[_INFORMATION], rows)
        shutil.rmtree(part)
        self._parts += 1
        self.rows = rows

    def _begin_part(self, recorded_ns: int, header: Any) -> None:
        # Version 8 is the newest that Humble reads, too.
        writer = Writer(
            self._folder / f"bag_{self._parts}", version=8, storage_plugin=StoragePlugin.MCAP
        )
        writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
        writer.open()
        self._writer = writer  # now, so that a failure to open is not hidden by one to close
        topics: dict[str, tuple[str, tuple[Qos, ...]]] = {
            topic_of(camera.prefix, name): (msgtype, ())
            for camera in self._cameras
            for name, msgtype in self._types.items()
        }
        topics[_MODEL_INFO_TOPIC] = (_MODEL_INFO, (_LATCHED,))
        for topic, (msgtype, qos) in topics.items():
            self._connections[topic] = writer.add_connection(
                topic, msgtype, typestore=bag_types(), offered_qos_profiles=qos
            )
        if self._parts == 0:
            self._write(_MODEL_INFO_TOPIC, recorded_ns, _MODEL_INFO, header, dict(self._model))

    def _write(
        self, topic: str, recorded_ns: int, msgtype: str, header: Any, fields: Fields
    ) -> None:
        assert self._writer is not None
        message = _message(msgtype, {"header": header, **fields})
        data = bag_types().serialize_cdr(message, msgtype)
        self._writer.write(self._connections[topic], recorded_ns, data)

    def _list_part(self, part: dict[str, Any], rows: int) -> None:
        whole = _information(self._folder)
        if whole is None:
            whole = part
        else:
            starts = [i["starting_time"]["nanoseconds_since_epoch"] for i in (whole, part)]
            ends = [
                start + i["duration"]["nanoseconds"]
                for start, i in zip(starts, (whole, part), strict=True)
            ]
            whole["starting_time"]["nanoseconds_since_epoch"] = min(starts)
            whole["duration"]["nanoseconds"] = max(ends) - min(starts)
            whole["message_count"] += part["message_count"]
            for key in ("relative_file_paths", "files"):
                whole[key] += part[key]
            new = {
                topic["topic_metadata"]["name"]: topic["message_count"]
                for topic in part["topics_with_message_count"]
            }
            for topic in whole["topics_with_message_count"]:
                topic["message_count"] += new[topic["topic_metadata"]["name"]]
        whole["custom_data"] = {_ROWS: str(rows)}
        with replacing(self._folder / METADATA) as path:
            path.write_text(yaml.safe_dump({_INFORMATION: whole}, sort_keys=False))


def check_bag_folder(folder: Path) -> None:
    """Raise if the bag's folder holds anything but the parts of a replay.

    Raises:
        JetSegError: it holds something of another origin.
    """
    information = _information(folder)
    parts = len(information["relative_file_paths"]) if information else 0
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            part = _PART.fullmatch(name)
            # The last one may have been on its way into the list.
            ours = int(part[1]) <= parts if part else name in files and _PARTIAL.fullmatch(name)
            if not ours or path.is_symlink():
                raise JetSegError(
                    f"{path}: not written by the replay whose bag this is; move it away, or name another folder"
                )


def _information(folder: Path) -> dict[str, Any] | None:
    """Contents of metadata.yaml about the parts that were ended; None before the first.

    Raises:
        JetSegError: no replay has written it.
    """
    path = folder / METADATA
    if not path.is_file():
        return None
    try:
        information = yaml.safe_load(path.read_text(encoding="utf-8"))[_INFORMATION]
        _check_information(folder, information)
    except Exception as error:  # damage makes YAML raise anything
        raise JetSegError(
            f"{path}: not that of a replay's bag; move {folder} away, or name another folder for the results"
        ) from error
    return dict(information)


def _check_information(folder: Path, information: dict[str, Any]) -> None:
    """Check every value used of metadata.yaml.

    Raises:
        Exception: a value is missing, or has another type.
    """
    numbers = [
        information["starting_time"]["nanoseconds_since_epoch"],
        information["duration"]["nanoseconds"],
        information["message_count"],
    ]
    topics = information["topics_with_message_count"]
    numbers += [topic["message_count"] for topic in topics]
    paths = information["relative_file_paths"]
    right = [
        re.fullmatch(r"[0-9]{1,18}", information["custom_data"][_ROWS]),
        paths == [f"bag_{part}.mcap" for part in range(len(paths))],
        paths,
        all((folder / path).is_file() for path in paths),
        len(information["files"]) == len(paths),
        all(type(number) is int and 0 <= number < 2**63 for number in numbers),
        all(isinstance(topic["topic_metadata"]["name"], str) for topic in topics),
    ]
    if not all(right):
        raise ValueError("a value of another type")


def _message(msgtype: str, fields: Fields) -> Any:
    """A message of rosbags: nested fields are messages, sequences of numbers arrays of the defined type."""
    definition = bag_types().fielddefs[msgtype][1]
    values = {name: _value(node, fields[name]) for name, node in definition}
    return bag_types().types[msgtype](**values)


def _value(node: Any, value: Any) -> Any:
    kind, detail = node
    if kind == Nodetype.NAME and isinstance(value, dict):
        return _message(detail, value)
    if kind not in (Nodetype.SEQUENCE, Nodetype.ARRAY):
        return value
    element = detail[0]
    if element[0] == Nodetype.BASE and element[1][0] != "string":
        return np.asarray(value, element[1][0])
    return [_value(element, each) for each in value]
