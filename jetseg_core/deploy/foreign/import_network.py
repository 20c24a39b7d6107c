"""`jetseg import`: a foreign network's ONNX file as a model of this project."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, helper

from jetseg_core.atomic_file import replacing
from jetseg_core.classes import UNLABELLED, ClassSet
from jetseg_core.deploy.foreign.foreign_network import (
    ForeignNetwork,
    fixed_batch,
    read_network,
    set_input,
    shown,
    without_last_cast,
)
from jetseg_core.deploy.foreign.graph_writer import ClassOutput, GraphWriter
from jetseg_core.deploy.foreign.output_choice import check_any_size, choose_output
from jetseg_core.deploy.foreign.pixel_values import PixelValues
from jetseg_core.deploy.foreign.trial import TRIAL_SIZES, frame_of, run_graph, size_text
from jetseg_core.deploy.onnx_passes import OPSET, drop_unused, fix_shape, has_branches
from jetseg_core.errors import JetSegError
from jetseg_core.memory_bound import bounded_memory
from jetseg_core.output_places import check_apart
from jetseg_core.runtime.model_files import METADATA_KEY


@dataclass(frozen=True)
class ImportOptions:
    """The user's statements about a network."""

    classes: ClassSet
    """One for each channel or id, in order, but for `ignored`."""
    pixels: PixelValues
    layout: str | None = None
    """nchw or nhwc; None = by the place of the three channels."""
    output: str | None = None
    """Name of the output that tells classes apart; None = the only one that can."""
    size: tuple[int, int] | None = None
    """(height, width) of the network's input; None = its own, or any."""
    ignored: tuple[str, ...] = ()
    """Names of classes, or channels by number beside the classes, that become unlabelled."""
    ids: tuple[int, ...] = ()
    """The id in the output of each class; empty = 0, 1, 2 and so on."""


@dataclass(frozen=True)
class Imported:
    """A written model."""

    path: Path
    classes: ClassSet
    found: tuple[str, ...]
    """Statements on what the network is."""
    assumed: tuple[str, ...]
    """Statements on what was taken for granted."""


def import_network(source: Path, out: Path, options: ImportOptions) -> Imported:
    """Bring a network into the form of this project's exports, and try it on a frame of the generated street.

    Raises:
        JetSegError: the network or an option cannot be used; each says what to give.
    """
    check_apart([out], [source])
    if out.suffix.lower() != ".onnx":
        raise JetSegError(f"{out}: an ONNX file's name ends in .onnx; name another file with --out")
    if out.with_suffix(".pt").exists():
        raise JetSegError(
            f"{out}: beside it lies {out.with_suffix('.pt').name}, which would be taken for its checkpoint; name "
            "another file with --out"
        )
    with bounded_memory(str(source)):
        return _import(source, out, options)


def _import(source: Path, out: Path, options: ImportOptions) -> Imported:
    classes, id_of_channel = _channels(options)
    network = read_network(source, options.layout)
    network, size = _with_size(network, options.size)
    model = network.model
    writer = GraphWriter(model)
    frames = _put_front(network, options.pixels, writer)
    output, values = choose_output(model, size, options.classes, len(id_of_channel), options.output)
    if size is None:
        check_any_size(model, output, values)
    if output.kind == "ids":
        given = options.ids or tuple(range(len(options.classes)))
        _check_ids(values, given, options)
        writer.labels_of_ids(
            frames, replace(output, name=without_last_cast(model, output.name)), given
        )
    else:
        if options.ids:
            raise JetSegError(
                f"--ids is for outputs of class ids; '{shown(output.name)}' holds scores, whose channels are the "
                "classes in order: order the names in a YAML file of --classes instead"
            )
        output = replace(output, kind=_kind_of_scores(values, output))
        writer.labels_of_scores(frames, output, id_of_channel)
    model.graph.node.extend(writer.take())
    _set_outputs(model, size)
    drop_unused(model)
    if size is not None and not has_branches(model):
        model = fix_shape(model, (1, *size, 3))
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    description = {
        "name": out.stem,
        "config": None,
        "classes": classes.to_dict(),
        "sha256": digest,
        "input_size": list(size) if size else None,
        "provenance": {
            "imported": source.name,
            "pixels": str(options.pixels),
            "output": f"{shown(output.name)}, {output.kind}, stride {output.stride}",
        },
    }
    helper.set_model_props(model, {METADATA_KEY: json.dumps(description)})
    shares = _try_out(model, size or TRIAL_SIZES[0], classes)
    with replacing(out) as partial:
        onnx.save(model, str(partial))
    found = _findings(network, model, output, values, size)
    return Imported(out, classes, (*found, shares), _assumptions(options, output))


def _channels(options: ImportOptions) -> tuple[ClassSet, list[int]]:
    """The classes that remain, and the id of each channel."""
    classes = options.classes
    numbers = {int(text) for text in options.ignored if text.isdecimal()}
    names = [text for text in options.ignored if not text.isdecimal()]
    unknown = [name for name in names if name not in classes.names]
    if unknown:
        raise JetSegError(
            f"--ignore {unknown[0]}: not one of the classes '{classes.name}' ({', '.join(classes.names):.300}); name "
            "one of them, or give the number of a channel that the network has beside them, such as 0"
        )
    kept = [index for index, name in enumerate(classes.names) if name not in names]
    if not kept:
        raise JetSegError("--ignore: names every class; at least one must remain")
    count = len(classes) + len(numbers)
    if numbers and max(numbers) >= count:
        raise JetSegError(
            f"--ignore {max(numbers)}: the network would have {count} channels, 0 to {count - 1}; name one of those"
        )
    position = {index: place for place, index in enumerate(kept)}
    inner = iter(range(len(classes)))
    ids = [
        UNLABELLED if channel in numbers else position.get(next(inner), UNLABELLED)
        for channel in range(count)
    ]
    remaining = ClassSet(
        classes.name
        if len(kept) == len(classes)
        else f"{classes.name} without {', '.join(names)}"[:200],
        tuple(classes.names[index] for index in kept),
        tuple(classes.palette[index] for index in kept),
    )
    return remaining, ids


def _with_size(
    network: ForeignNetwork, wanted: tuple[int, int] | None
) -> tuple[ForeignNetwork, tuple[int, int] | None]:
    """The network for the size asked for or its own; None for any size."""
    own = network.image.size
    if wanted is not None and any(
        side not in (None, given) for side, given in zip(own, wanted, strict=True)
    ):
        raise JetSegError(
            f"--size {wanted[0]} {wanted[1]}: the network takes {size_text(own)} (height x width) only; "
            "leave --size out, or export the network for the size that you want"
        )
    size = wanted or own
    if None in size and size != (None, None):
        raise JetSegError(
            f"the network takes images of {size_text(size)} (height x width); give both with --size"
        )
    if None in size:
        return network, None
    fixed = (int(size[0] or 0), int(size[1] or 0))
    return replace(network, image=replace(network.image, size=fixed)), fixed


def _put_front(network: ForeignNetwork, pixels: PixelValues, writer: GraphWriter) -> str:
    """Put uint8 frames before the network, in place; the name of the frames in float."""
    model = network.model
    batch = 1 if network.image.size != (None, None) else fixed_batch(network)
    frames = writer.front(network.image, pixels)
    nodes = [*writer.take(), *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    set_input(model, network.image, batch)
    return frames


def _kind_of_scores(values: np.ndarray, output: ClassOutput) -> str:
    axis = 1 if output.layout == "nchw" else 3
    scores = values.astype(np.float32)
    if not np.isfinite(scores).all():
        raise JetSegError(
            f"'{shown(output.name)}' holds values that are no finite numbers; check the pixel values (--mean, --std, "
            "--scale), and whether its weights are whole"
        )
    bounded = scores.min() >= 0 and scores.max() <= 1.001
    sums = scores.sum(axis)
    return "probabilities" if bounded and np.abs(sums - 1).max() < 0.01 else "logits"


def _check_ids(values: np.ndarray, given: Sequence[int], options: ImportOptions) -> None:
    """Raise if ids do not fit the classes."""
    if options.ignored:
        raise JetSegError(
            "--ignore is for outputs of scores; for ids give --ids, the id of each class: all others are unlabelled"
        )
    if len(given) != len(options.classes) or len(set(given)) != len(given) or min(given) < 0:
        raise JetSegError(
            f"--ids: {len(given)} numbers, {len(set(given))} of them different; expected one from 0 up for each of the "
            f"{len(options.classes)} classes of '{options.classes.name}', in their order"
        )
    others = sorted(set(np.unique(values).tolist()) - {*given, UNLABELLED})
    if others and not options.ids:
        raise JetSegError(
            f"the network's ids for a street include {', '.join(map(str, others[:8]))}, but '{options.classes.name}' "
            f"has 0 to {len(options.classes) - 1}; give the id of each class in order with --ids, or the classes that "
            "it was trained on with --classes"
        )


def _set_outputs(model: ModelProto, size: tuple[int, int] | None) -> None:
    del model.graph.output[:]
    first = model.graph.input[0].type.tensor_type.shape.dim[0]
    shape = (first.dim_value or "N", *(size or ("H", "W")))
    for name in ("labels", "confidence"):
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.UINT8, shape))


def _try_out(model: ModelProto, size: tuple[int, int], classes: ClassSet) -> str:
    """Labels of a frame, by share."""
    labels = run_graph(model, frame_of(size))["labels"]
    counts = np.bincount(labels.ravel(), minlength=256)
    names = {**dict(enumerate(classes.names)), UNLABELLED: "unlabelled"}
    most = [int(index) for index in np.argsort(-counts)[:4] if counts[index]]
    shares = ", ".join(
        f"{names[index]} {100 * counts[index] / labels.size:.0f} %" for index in most
    )
    return f"a frame of the generated street: {shares}"


def _findings(
    network: ForeignNetwork,
    model: ModelProto,
    output: ClassOutput,
    values: np.ndarray,
    size: tuple[int, int] | None,
) -> tuple[str, ...]:
    image = network.image
    kind = "float16" if image.half else "float32"
    low, high = float(values.min()), float(values.max())
    opset = max(entry.version for entry in model.opset_import if not entry.domain)
    found = [
        f"input '{shown(image.name)}', {kind} {image.layout.upper()}, "
        + (f"{size_text(size)} (height x width)" if size else "any size"),
        f"output '{shown(output.name)}', {values.dtype} {values.shape}: {output.kind} from {low:.4g} to {high:.4g}, "
        f"stride {output.stride}",
    ]
    if opset > OPSET:
        found.append(
            f"opset {opset}; TensorRT 8 reads up to {OPSET}: export with opset_version={OPSET} for it"
        )
    return tuple(found)


def _assumptions(options: ImportOptions, output: ClassOutput) -> tuple[str, ...]:
    made = [options.pixels.assumed] if options.pixels.assumed else []
    if not options.pixels.bgr:
        made.append("colors in the order RGB; else give --bgr")
    if output.kind == "ids":
        made.append("confidence is 255 everywhere, since ids hold none")
        if not options.ids:
            made.append("ids are the classes' positions; else give --ids")
    else:
        made.append(f"channels are the classes of '{options.classes.name}' in order")
    if output.kind == "probabilities":
        made.append(
            "scores are probabilities already, since they add up to 1: no softmax is applied"
        )
    return tuple(made)
