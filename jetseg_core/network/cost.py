"""What a network costs: parameters, operations (also by the paper's section 3, Eq. 2), memory, receptive field."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor, nn

from jetseg_core.network.activation_memory import ActivationMemory
from jetseg_core.network.jetseg import JetSeg
from jetseg_core.network.layers import ECA, REU, ChannelAttention, TanhExp
from jetseg_core.network.receptive_field import encoder_receptive_fields

EQ2_TERMS = ("conv", "pool", "fc", "act", "bn")


@dataclass
class Stage:
    """Costs of one part of the network for one frame."""

    name: str
    parameters: int
    """Learned numbers."""
    shape: tuple[int, ...] = ()
    """(channels, height, width) that it gives."""
    macs: int = 0
    """Multiply-accumulates of the convolutions."""
    eq2: dict[str, int] = field(default_factory=lambda: dict.fromkeys(EQ2_TERMS, 0))
    """The terms of Eq. 2. F_conv counts a multiply-accumulate as one operation; there is no fully connected
    layer, so F_fc is 0."""
    written_bytes: int = 0
    """What its operations write in float32."""
    receptive_field: int | None = None
    """Side, in pixels of the frame, of the square that one value of its output depends on; None = not counted."""

    @property
    def eq2_flops(self) -> int:
        """Eq. 2, what the paper calls FLOPs."""
        return sum(self.eq2.values())

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


@dataclass(frozen=True)
class Complexity:
    """Counts for one frame of one size."""

    stages: tuple[Stage, ...]
    peak_bytes: int
    """Most that the float32 activations of one frame, its own pixels included, take at one time; weights and
    the scratch memory inside a library's operations are not in it."""

    @property
    def parameters(self) -> int:
        """Learned numbers."""
        return sum(stage.parameters for stage in self.stages)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the convolutions."""
        return sum(stage.macs for stage in self.stages)

    @property
    def eq2(self) -> dict[str, int]:
        """The terms of Eq. 2."""
        return {term: sum(stage.eq2[term] for stage in self.stages) for term in EQ2_TERMS}

    @property
    def eq2_flops(self) -> int:
        """Eq. 2, what the paper calls FLOPs."""
        return sum(self.eq2.values())

    @property
    def flops(self) -> int:
        """True floating-point operations of the convolutions: two for each multiply-accumulate."""
        return 2 * self.macs

    @property
    def written_bytes(self) -> int:
        """What all operations write in float32: the traffic behind the latency, and about what training keeps."""
        return sum(stage.written_bytes for stage in self.stages)

    @property
    def receptive_field(self) -> int | None:
        """Of the encoder's deepest features, see `jetseg_core.network.receptive_field`."""
        return max((s.receptive_field for s in self.stages if s.receptive_field), default=None)

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


def count_complexity(model: nn.Module, size: tuple[int, int], channels: int = 3) -> Complexity:
    """Count one forward pass, in evaluation, of one frame of (height, width) pixels.

    Nothing is computed: a copy of the model runs on shapes alone. A `JetSeg` is counted by stage, any other
    module as one, for an input of so many channels.
    """
    # On the meta device tensors have shapes and no values.
    model = copy.deepcopy(model).eval().to("meta")
    parts = _stage_modules(model)
    fields = encoder_receptive_fields(model.encoder) if isinstance(model, JetSeg) else {}
    stages = [
        Stage(
            name,
            parameters=sum(p.numel() for module in modules for p in module.parameters()),
            receptive_field=fields.get(name),
        )
        for name, modules in parts.items()
    ]
    image = torch.empty(1, channels, *size, device="meta")
    memory = ActivationMemory(image)
    with torch.no_grad(), _counting(stages, parts, memory), memory:
        model(image)
    return Complexity(tuple(stages), memory.peak)


def _stage_modules(model: nn.Module) -> dict[str, tuple[nn.Module, ...]]:
    if not isinstance(model, JetSeg):
        return {"all": (model,)}
    encoder = model.encoder
    return {
        "S0": (encoder.s0, encoder.s0_residual),
        "S1": (encoder.s1,),
        "S2, stride 8": (encoder.s2_stride8,),
        "S2, stride 16": (encoder.s2_stride16,),
        "S3": (encoder.s3,),
        "decoder": (model.decoder,),
    }


@contextmanager
def _counting(
    stages: list[Stage], parts: dict[str, tuple[nn.Module, ...]], memory: ActivationMemory
) -> Iterator[None]:
    """While this lasts, every layer adds what it costs to the stage that it belongs to."""
    handles = []
    for stage, modules in zip(stages, parts.values(), strict=True):

        def enter(module: nn.Module, inputs: tuple[Tensor, ...], stage: Stage = stage) -> None:
            # Up to the next stage, so that the last up-sampling counts to the decoder.
            memory.report_to(stage)

        def leave(
            module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor, stage: Stage = stage
        ) -> None:
            stage.shape = tuple(output.shape[1:])

        for module in modules:
            handles += [
                module.register_forward_pre_hook(enter),
                module.register_forward_hook(leave),
            ]
            for layer in module.modules():
                for kinds, count in _COUNTERS:
                    if isinstance(layer, kinds):
                        handles.append(layer.register_forward_hook(partial(count, stage)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _count_convolution(
    stage: Stage, layer: nn.Module, inputs: tuple[Tensor], output: Tensor
) -> None:
    # weight is (Co, Ci / groups, kernel...), so this is Eq. 2's Kw Kh Hin Win Cin Cout / (s^2 g).
    weight = layer.weight
    assert isinstance(weight, Tensor)
    count = output[0, 0].numel() * weight.numel()
    stage.macs += count
    stage.eq2["conv"] += count


def _count_batch_norm(
    stage: Stage, layer: nn.Module, inputs: tuple[Tensor], output: Tensor
) -> None:
    stage.eq2["bn"] += 4 * output[0].numel()


def _count_activation(
    stage: Stage, layer: nn.Module, inputs: tuple[Tensor], output: Tensor
) -> None:
    stage.eq2["act"] += inputs[0][0].numel()


def _count_global_pool(
    stage: Stage, layer: nn.Module, inputs: tuple[Tensor], output: Tensor
) -> None:
    # Eq. 2 with a kernel as large as the image: C x 1 x 1 x H x W; CBAM pools twice (mean and maximum).
    pools = 2 if isinstance(layer, ChannelAttention) else 1
    stage.eq2["pool"] += pools * inputs[0][0].numel()


_COUNTERS = (
    ((nn.Conv1d, nn.Conv2d), _count_convolution),
    ((nn.BatchNorm2d,), _count_batch_norm),
    ((REU, TanhExp, nn.Hardswish), _count_activation),
    ((ChannelAttention, ECA), _count_global_pool),
)
