"""Which topics of a recording are cameras, and what their results are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jetseg_core.errors import JetSegError
from jetseg_ros.bag_source import describe_topics, image_topics
from jetseg_ros.recording import Recording

_COMPRESSED = "/compressed"
_OUTPUTS = "/segmentation/"


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

    Without a choice, labels and what a segmentation node published are no cameras, and of a camera that
    was recorded raw and compressed, the raw images are taken.

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
        if topic != labels_topic
        and _OUTPUTS not in topic
        and not (topic.endswith(_COMPRESSED) and topic.removesuffix(_COMPRESSED) in found)
    ]
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
