"""The command `jetseg-demo`: camera and node as processes over DDS, measured and pictured."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import rclpy
from rclpy.executors import SingleThreadedExecutor
from tqdm import tqdm

from jetseg_core.atomic_file import replacing
from jetseg_core.classes import CLASS_SETS, ClassSet
from jetseg_core.classes.class_file import write_classes
from jetseg_core.cli.broken_pipe import quiet_on_broken_pipe
from jetseg_core.cli.options import add_runtime_options, add_version, runtime_settings
from jetseg_core.errors import JetSegError, describe_os_error, one_line
from jetseg_core.output_places import check_apart, check_replaceable, is_record
from jetseg_core.sources import GENERATOR, SOURCE_HELP, open_source
from jetseg_ros.demo.collector import Collector, Measurements, classes_of
from jetseg_ros.demo.demo_pictures import is_picture, picture_name, save_pictures
from jetseg_ros.demo.demo_report import format_report, make_report
from jetseg_ros.node.command_line import initialise
from jetseg_ros.node.process import NodeProcess, stay_on_this_machine

NODE = "jetseg_ros.node.segmentation_node"
CAMERA = "jetseg_ros.camera.camera_node"

RECORD_FILE, REPORT_FILE, CLASS_FILE = "demo.json", "report.json", "classes.yaml"
NODE_LOG, CAMERA_LOG = "node.log", "camera.log"
RESULTS = (RECORD_FILE, REPORT_FILE, CLASS_FILE, NODE_LOG, CAMERA_LOG)
"""Files that a demo writes beside its pictures; the first lists them all."""
_KEY = "files_of_jetseg_demo"
MOST_FRAMES = 1000
"""Default number of frames: a demo should end, also with a long recording."""
PICTURES = 6
START_TIMEOUT_S = 120.0
"""Enough to load a model on a slow machine."""
QUIET_S = 2.0
"""Time to listen after the camera has ended."""


@quiet_on_broken_pipe()
def main(argv: list[str] | None = None) -> int:
    """Run the demo; returns the exit status."""
    options = _parser().parse_args(argv)
    stay_on_this_machine()
    try:
        found = _run(options)
        if not found.received:
            raise JetSegError(
                f"{len(found.sent)} frames were sent and no label came back; "
                f"{options.output / NODE_LOG} may say why"
            )
        _save(options, found)
    except BrokenPipeError:
        raise
    except (JetSegError, OSError) as error:
        text = describe_os_error(error) if isinstance(error, OSError) else str(error)
        print(f"error: {one_line(text)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jetseg-demo",
        description="Play frames to the segmentation node over ROS 2, and report what comes back.",
    )
    parser.add_argument(
        "--input", default=GENERATOR, help=f"what to play: {SOURCE_HELP} (default: generator)"
    )
    parser.add_argument("--topic", default="", help="image topic, where a bag has several")
    parser.add_argument(
        "--frames",
        type=int,
        default=MOST_FRAMES,
        help="stop after this many frames (default: %(default)s, or the end of the input)",
    )
    parser.add_argument(
        "--rate", type=float, default=10.0, help="frames per second (default: %(default)s)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("out/demo"),
        help="folder for report.json, pictures and logs (default: %(default)s)",
    )
    add_runtime_options(parser)
    add_version(parser)
    return parser


def _run(options: argparse.Namespace) -> Measurements:
    with open_source(options.input, topic=options.topic) as source:
        total = min(len(source), options.frames)
        check_apart([options.output], source.places)
    last = max(0, total - 1)
    wanted = sorted({last * i // (PICTURES - 1) for i in range(PICTURES)})
    prepare_output(options.output, [picture_name(number) for number in wanted])
    with ExitStack() as stack:
        initialise([])
        stack.callback(rclpy.try_shutdown)
        collector = Collector(wanted)
        stack.callback(collector.destroy_node)
        executor = SingleThreadedExecutor()
        executor.add_node(collector)
        found = collector.found

        def spin_until(done: Callable[[], bool], *children: NodeProcess) -> None:
            while not done():
                executor.spin_once(0.1)
                for child in children:
                    child.check()

        node = stack.enter_context(
            NodeProcess(NODE, node_parameters(options), options.output / NODE_LOG)
        )
        deadline = time.monotonic() + START_TIMEOUT_S
        spin_until(lambda: found.model is not None or time.monotonic() > deadline, node)
        if found.model is None:
            raise JetSegError(
                f"the node did not come up within {START_TIMEOUT_S:.0f} s; "
                f"{options.output / NODE_LOG} may say why"
            )
        classes = classes_of(found.model)
        with open_source(options.input, classes, options.topic) as source:
            labels_note = source.labels_note
        # The camera starts last and waits for its subscribers, so that no frame is sent in vain.
        camera = stack.enter_context(
            NodeProcess(
                CAMERA, _camera_parameters(options, total, classes), options.output / CAMERA_LOG
            )
        )
        print(f"playing {total} frames of {options.input} to {found.model.model_name}")
        if labels_note:
            print(labels_note)
        with tqdm(total=total, unit="frame", disable=None) as progress:

            def all_sent() -> bool:
                progress.update(len(found.sent) - progress.n)
                return camera.ended()

            spin_until(all_sent, node, camera)
            # Late labels may still come, and the diagnostics that count the last frames will.
            deadline = time.monotonic() + QUIET_S
            spin_until(lambda: time.monotonic() > deadline, node)
            progress.update(len(found.sent) - progress.n)
    return found


def prepare_output(folder: Path, pictures: Sequence[str]) -> None:
    """Remove the results of an earlier demo from a folder, and note there which files this one writes.

    Raises:
        JetSegError: a file of another origin, or a link, has the name of a result.
    """
    names = [*RESULTS, *pictures]
    record = folder / RECORD_FILE
    own: list[str] = []
    if is_record(record, (_KEY,)):
        noted = json.loads(record.read_text(encoding="utf-8"))[_KEY]
        if isinstance(noted, list):
            own = [name for name in noted if name in RESULTS or is_picture(name)]
    check_replaceable(folder, dict.fromkeys([*names, *own]), own)
    folder.mkdir(parents=True, exist_ok=True)
    for name in own:
        (folder / name).unlink(missing_ok=True)
    with replacing(record) as partial:
        partial.write_text(json.dumps({_KEY: names}, indent=1) + "\n", encoding="utf-8")


def node_parameters(options: argparse.Namespace) -> dict[str, str]:
    """Parameters of the segmentation node, as text, from the options that `add_runtime_options` read."""
    settings = runtime_settings(options)
    height, width = settings.input_size
    return {
        "model.checkpoint": settings.checkpoint,
        "runtime.backend": settings.backend,
        "runtime.device": settings.device,
        "runtime.precision": settings.precision,
        "runtime.threads": str(settings.threads),
        "runtime.strict_backend": str(settings.strict_backend).lower(),
        "input.size": f"[{height}, {width}]",
        "input.resize": settings.resize,
    }


def _camera_parameters(
    options: argparse.Namespace, total: int, classes: ClassSet
) -> dict[str, str]:
    known = CLASS_SETS.get(classes.name) == classes
    class_file = (options.output / CLASS_FILE).resolve()
    if not known:
        write_classes(class_file, classes)
    drawn = options.input.startswith(GENERATOR)
    return {
        "source": options.input,
        "classes": classes.name if known else json.dumps(str(class_file)),
        "topic": f"'{options.topic}'",
        "frames": str(total),
        "rate": f"{options.rate:f}",
        # Drawing a frame may take longer than the camera's period; reading one does not.
        "read_ahead": str(total if drawn else min(total, 32)),
        # Node and collector subscribe to images, the collector alone to the topics beside them.
        "wait_for_subscribers": "[image, image, camera_info, ground_truth]",
    }


def _save(options: argparse.Namespace, found: Measurements) -> None:
    report = make_report(options.input, found)
    report_file = options.output / REPORT_FILE
    with replacing(report_file) as partial:
        partial.write_text(json.dumps(report, indent=2) + "\n")
    pictures = save_pictures(options.output, found)
    print(f"\n{format_report(report)}\n")
    print(f"report     {report_file}")
    print(f"pictures   {', '.join(str(file) for file in pictures) or 'none'}")
