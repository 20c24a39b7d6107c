"""Export of a checkpoint to ONNX, which robots run without torch."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import onnx
import torch

from jetseg_core.atomic_file import replacing
from jetseg_core.deploy.deployed import DeployedJetSeg, deploy
from jetseg_core.deploy.onnx_passes import lower_opset, to_half
from jetseg_core.errors import JetSegError
from jetseg_core.network.checkpoint import load_checkpoint
from jetseg_core.output_places import check_apart

_TORCH_OPSET = 18
"""The oldest that torch exports; `lower_opset` makes it older."""
PRECISIONS = ("fp32", "fp16")


def export_onnx(
    checkpoint_path: str | Path,
    onnx_path: str | Path | None = None,
    size: tuple[int, int] | None = None,
    precision: str = "fp32",
) -> Path:
    """Write the deployed form of a checkpoint as ONNX, by default next to it.

    Input ``images`` (N, H, W, 3) uint8 RGB of any size from 64x64 up, or one image of `size` (height, width);
    outputs ``labels`` and ``confidence`` (N, H, W) uint8. The file's metadata holds the configuration, classes,
    provenance and the checkpoint's sha256 under ``jetseg``, as JSON.

    Args:
        precision: of the weights and of everything between input and outputs, fp32 or fp16.

    Returns:
        The path written.

    Raises:
        JetSegError: the checkpoint cannot be read, or would be overwritten, the name is no ONNX file's, or the
            precision is none of `PRECISIONS`.
    """
    checkpoint_path = Path(checkpoint_path)
    path = Path(onnx_path) if onnx_path else checkpoint_path.with_suffix(".onnx")
    check_apart([path], [checkpoint_path])
    if precision not in PRECISIONS:
        raise JetSegError(f"precision: '{precision}' is not one of {', '.join(PRECISIONS)}")
    if path.suffix.lower() != ".onnx":
        raise JetSegError(
            f"{path}: an ONNX file's name ends in .onnx; name another file with --out"
        )
    checkpoint = load_checkpoint(checkpoint_path)
    model = to_onnx(deploy(checkpoint.build()), size)
    if precision == "fp16":
        model = to_half(model)
    description = {
        "name": checkpoint_path.stem,
        "config": checkpoint.config.to_dict(),
        "classes": checkpoint.classes.to_dict(),
        "provenance": dict(checkpoint.provenance),
        "sha256": checkpoint.sha256,
        "precision": precision,
    }
    onnx.helper.set_model_props(model, {"jetseg": json.dumps(description)})
    onnx.checker.check_model(model, full_check=True)
    with replacing(path) as partial:
        onnx.save(model, partial)
    return path


def to_onnx(graph: DeployedJetSeg, size: tuple[int, int] | None = None) -> onnx.ModelProto:
    """The graph as ONNX for any number and size of images, or for one image of a fixed (height, width).

    A fixed size is several times faster to export.

    Raises:
        JetSegError: this version of torch cannot export.
    """
    try:
        dimension = torch.export.Dim.AUTO
    except AttributeError:
        raise JetSegError(
            f"torch {torch.__version__} is too old to export a model; export it with the version of "
            "requirements/torch.txt, on any machine: the file serves everywhere"
        ) from None
    shape = (1, *size, 3) if size else (2, 96, 128, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The exporter warns about its own deprecated internals.
        program = torch.onnx.export(
            graph,
            (torch.zeros(shape, dtype=torch.uint8),),
            input_names=["images"],
            output_names=["labels", "confidence"],
            dynamic_shapes=None if size else ({0: dimension, 1: dimension, 2: dimension},),
            opset_version=_TORCH_OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    # The exporter notes the source line of every node, with paths of the exporting machine.
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output):
        del value.metadata_props[:]
    lower_opset(model)
    return model
