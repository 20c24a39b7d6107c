"""Costs of a network: parameters, operations (also by section 3, Eq. 2), activation memory, receptive fields."""

from __future__ import annotations

import copy
import math
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from jetseg_core.network.encoder import JetNet
from jetseg_core.network.jet_conv import GPConv, JetConv
from jetseg_core.network.jetseg import JetSeg
from jetseg_core.network.layers import ECA, REU, ChannelAttention, MeanPool, TanhExp

EQ2_TERMS = ("conv", "pool", "fc", "act", "bn")


@dataclass
class Cost:
    """Costs of a network, or of one part of it, for one frame."""

    parameters: int = 0
    """Number of learned values."""
    macs: int = 0
    """Multiply-accumulates of the convolutions."""
    eq2: dict[str, int] = field(default_factory=lambda: dict.fromkeys(EQ2_TERMS, 0))
    """The terms of Eq. 2. F_conv counts a multiply-accumulate as one operation; there is no fully connected
    layer, so F_fc is 0."""
    written_bytes: int = 0
    """Bytes that all operations write in float32; this traffic decides latency and the memory of training."""
    receptive_field: int | None = None
    """Side, in pixels of the frame, of the square that one value of its deepest features depends on; None = not
    counted. See `encoder_receptive_fields`."""

    @property
    def eq2_flops(self) -> int:
        """Eq. 2, called FLOPs in the paper."""
        return sum(self.eq2.values())

    @property
    def flops(self) -> int:
        """True floating-point operations of the convolutions: two for each multiply-accumulate."""
        return 2 * self.macs


@dataclass
class Stage(Cost):
    """Costs of one part of the network."""

    name: str = ""
    shape: tuple[int, ...] = ()
    """(channels, height, width) of its output."""

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON; all counts are single operations and bytes, not millions."""
        return {
            "name": self.name,
            "shape": list(self.shape),
            "parameters": self.parameters,
            "macs": self.macs,
            "eq2_flops": self.eq2_flops,
            "written_bytes": self.written_bytes,
            "receptive_field": self.receptive_field,
        }


@dataclass
class Complexity(Cost):
    """Costs of a whole network: the sums over its stages."""

    peak_bytes: int = 0
    """Largest memory of the float32 activations at one time, the frame's pixels included, without weights and the
    scratch memory inside a library's operations."""
    stages: tuple[Stage, ...] = ()

    @classmethod
    def of(cls, stages: Sequence[Stage], peak_bytes: int) -> Complexity:
        """Sum up the stages."""
        return cls(
            sum(stage.parameters for stage in stages),
            sum(stage.macs for stage in stages),
            {term: sum(stage.eq2[term] for stage in stages) for term in EQ2_TERMS},
            sum(stage.written_bytes for stage in stages),
            max((s.receptive_field for s in stages if s.receptive_field), default=None),
            peak_bytes,
            tuple(stages),
        )

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON; all counts are single operations and bytes, not millions."""
        return {
            "parameters": self.parameters,
            "macs": self.macs,
            "flops": self.flops,
            "eq2_flops": self.eq2_flops,
            "eq2_terms": self.eq2,
            "activation_memory": {
                "peak_bytes": self.peak_bytes,
                "written_bytes": self.written_bytes,
            },
            "receptive_field": self.receptive_field,
            "stages": [stage.to_dict() for stage in self.stages],
        }


class ActivationMemory(TorchDispatchMode):
    """While active, follows the memory of every tensor that an operation makes until it is freed.

    Works on the meta device, too, where tensors have a size and no contents.
    """

    def __init__(self, *inputs: Tensor) -> None:
        """Count from the tensors that are in memory at the start."""
        super().__init__()
        self.peak = 0
        """Most bytes in use at one time."""
        self.stage: Stage | None = None
        """The stage to which written bytes are added."""
        self._live = 0
        self._known: weakref.WeakSet[Any] = weakref.WeakSet()
        for tensor in inputs:
            self._add(tensor)

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        result = operation(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                written = self._add(tensor)
                if self.stage:
                    self.stage.written_bytes += written
        return result

    def _add(self, tensor: Tensor) -> int:
        """Bytes of the tensor's memory; 0 if that is already known: a view, or a result in place."""
        storage = tensor.untyped_storage()
        if storage in self._known:
            return 0
        self._known.add(storage)
        size = storage.nbytes()
        self._live += size
        self.peak = max(self.peak, self._live)
        weakref.finalize(storage, self._free, size)
        return size

    def _free(self, size: int) -> None:
        self._live -= size


def count_complexity(model: nn.Module, size: tuple[int, int], channels: int = 3) -> Complexity:
    """Count one forward pass, in evaluation, of one frame.

    Nothing is computed: a copy of the model runs on shapes alone.

    Args:
        model: a `JetSeg`, which is counted by stage, or any other module, which is counted as one.
        size: (height, width) of the frame in pixels.
        channels: channels of the frame.
    """
    # On the meta device tensors have shapes and no values.
    model = copy.deepcopy(model).eval().to("meta")
    parts = _parts(model)
    fields = encoder_receptive_fields(model.encoder) if isinstance(model, JetSeg) else {}
    stages = [
        Stage(
            name=name,
            parameters=sum(p.numel() for module in modules for p in module.parameters()),
            receptive_field=fields.get(name),
        )
        for name, modules in parts.items()
    ]
    image = torch.empty(1, channels, *size, device="meta")
    memory = ActivationMemory(image)
    with torch.no_grad(), _hooks(stages, parts, memory), memory:
        model(image)
    return Complexity.of(stages, memory.peak)


def _parts(model: nn.Module) -> dict[str, tuple[nn.Module, ...]]:
    if isinstance(model, JetSeg):
        return {**model.encoder.stages(), "decoder": (model.decoder,)}
    return {"all": (model,)}


@contextmanager
def _hooks(
    stages: list[Stage], parts: dict[str, tuple[nn.Module, ...]], memory: ActivationMemory
) -> Iterator[None]:
    """Inside, each layer that runs adds its costs to its stage."""
    handles = []
    for stage, modules in zip(stages, parts.values(), strict=True):
        for module in modules:
            # A stage lasts until the next one begins, so the last up-sampling counts to the decoder.
            handles.append(module.register_forward_pre_hook(partial(_begin, stage, memory)))
            handles.append(module.register_forward_hook(partial(_end, stage)))
            handles += [
                layer.register_forward_hook(partial(_count, stage)) for layer in module.modules()
            ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _begin(stage: Stage, memory: ActivationMemory, module: nn.Module, inputs: object) -> None:
    memory.stage = stage


def _end(stage: Stage, module: nn.Module, inputs: object, output: Tensor) -> None:
    stage.shape = tuple(output.shape[1:])


def _count(stage: Stage, layer: nn.Module, inputs: object, output: Tensor) -> None:
    """Add the operations of one layer; containers have none of their own."""
    match layer:
        case nn.Conv1d() | nn.Conv2d():
            # weight is (Co, Ci / groups, kernel...), so this is Eq. 2's Kw Kh Hin Win Cin Cout / (s^2 g).
            macs = output[0, 0].numel() * layer.weight.numel()
            stage.macs += macs
            stage.eq2["conv"] += macs
        case nn.BatchNorm2d():
            stage.eq2["bn"] += 4 * output[0].numel()
        case REU() | TanhExp() | nn.Hardswish():
            stage.eq2["act"] += output[0].numel()
        case ECA():
            # Eq. 2 with a kernel as large as the image: C x 1 x 1 x H x W.
            stage.eq2["pool"] += output[0].numel()
        case ChannelAttention():
            stage.eq2["pool"] += 2 * output[0].numel()  # mean and maximum


def encoder_receptive_fields(encoder: JetNet) -> dict[str, int]:
    """Side, in pixels of the frame, of the square that one feature at the end of each stage depends on.

    Counts every convolution, that of spatial attention included. Leaves out CBAM's channel attention and ECA, which
    weigh channels by means over the whole frame.
    """
    fields, reach, jump = {}, 0, 1
    for name, modules in encoder.stages().items():
        for module in modules:
            reach += jump * _reach(module)
            jump *= _stride(module)
        fields[name] = reach + 1
    return fields


def _reach(module: nn.Module) -> int:
    """Pixels of its input in a row or column that an output depends on, less one."""
    if isinstance(module, nn.Conv2d):
        return int(module.dilation[0]) * (module.kernel_size[0] - 1)
    if isinstance(module, MeanPool):
        return 1
    if isinstance(module, JetConv):
        # Its branches are parallel; a 1x1 convolution follows them.
        return max(_reach(branch) for branch in module.branches)
    if isinstance(module, ChannelAttention | ECA):
        return 0
    reach, jump = 0, 1
    for child in module.children():  # All others run their parts one after the other.
        reach += jump * _reach(child)
        jump *= _stride(child)
    return reach


def _stride(module: nn.Module) -> int:
    """Pixels of its input between neighbours of its output; only means and 1x1 convolutions have strides."""
    if isinstance(module, MeanPool):
        return 2
    if isinstance(module, GPConv):
        return module.stride
    return math.prod(_stride(child) for child in module.children())
