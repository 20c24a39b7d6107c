"""Which topics of a recording are cameras, and what their results are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from jetseg_core.errors import JetSegError
from jetseg_core.recording import Recording
from jetseg_core.sources.recording_source import describe_topics, image_topics

_COMPRESSED = "/compressed"
_NO_CAMERA = re.compile(
    r"(^|[/_])(segmentation|labels?|ground_truth|truth|masks?|depth|disparity)([/_]|$)"
)
"""Names of images that are not of a camera: what a segmentation node published, labels, distances."""


@dataclass(frozen=True)
class Camera:
    """An image topic to segment."""

    topic: str
    messages: int
    """Number of messages, as the recording counts them."""
    prefix: str
    """Results go to ``<prefix>/segmentation/...``, as the node's do."""


def choose_cameras(
    recording: Recording, topics: Sequence[str], labels_topic: str
) -> tuple[Camera, ...]:
    """The cameras asked for, or all there are.

    Without a choice, images whose name says that they are no camera's are left out, with a warning of the
    recording, and of a camera that was recorded raw and compressed, the raw images are taken.

    Raises:
        JetSegError: no image topic, or none of that name; the topics that there are are listed.
    """
    found = image_topics(recording)
    missing = [topic for topic in topics if topic not in found]
    if missing:
        raise JetSegError(
            f"{recording.path}: no images on topic '{missing[0]}'; {describe_topics(recording)}"
        )
    chosen = list(dict.fromkeys(topics)) or [
        topic
        for topic in found
        if not _NO_CAMERA.search(topic)
        and topic != labels_topic
        and not (topic.endswith(_COMPRESSED) and topic.removesuffix(_COMPRESSED) in found)
    ]
    left_out = [topic for topic in found if _NO_CAMERA.search(topic) and topic != labels_topic]
    if left_out and not topics:
        recording.warnings.append(
            f"no cameras by their names, and left out: {', '.join(left_out)}; --topic takes them all the same"
        )
    if not chosen:
        raise JetSegError(
            f"{recording.path}: no camera images in this bag; {describe_topics(recording)}"
        )
    prefixes = [_prefix(topic) for topic in chosen]
    return tuple(
        Camera(topic, recording.topics[topic][1], topic if prefixes.count(prefix) > 1 else prefix)
        for topic, prefix in zip(chosen, prefixes, strict=True)
    )


def _prefix(topic: str) -> str:
    """'/front' of /front/image_raw and of /front/image_raw/compressed; '/left' of /left."""
    name = topic.removesuffix(_COMPRESSED)
    parent, _, last = name.rpartition("/")
    return parent if last.startswith("image") else name
