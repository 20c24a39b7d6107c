"""What a network costs: parameters, multiply-accumulates, and the paper's own count (section 3, Eq. 2)."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from jetseg_core.layers import ECA, REU, ChannelAttention, TanhExp
from jetseg_core.models import JetSeg


@dataclass
class Complexity:
    """Counts for one frame of one size."""

    parameters: int
    """Learned numbers."""
    macs: int = 0
    """Multiply-accumulates of the convolutions."""
    eq2: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("conv", "pool", "bn", "act"), 0)
    )
    """The terms of Eq. 2. It counts a multiply-accumulate of a convolution as one operation; JetSeg has no
    fully connected layer, so F_fc is 0 and left out."""

    @property
    def eq2_flops(self) -> int:
        """Eq. 2, what the paper calls FLOPs."""
        return sum(self.eq2.values())

    @property
    def flops(self) -> int:
        """True floating-point operations of the convolutions: two for each multiply-accumulate."""
        return 2 * self.macs

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON; all counts are single operations, not millions."""
        return {
            "parameters": self.parameters,
            "macs": self.macs,
            "flops": self.flops,
            "eq2_flops": self.eq2_flops,
            "eq2_terms": dict(self.eq2),
        }


@torch.inference_mode()
def count_complexity(model: JetSeg, size: tuple[int, int]) -> Complexity:
    """Count one forward pass of one frame of (height, width) pixels."""
    result = Complexity(parameters=sum(p.numel() for p in model.parameters()))

    def convolution(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        # weight is (Co, Ci / groups, kernel...), so this is Eq. 2's Kw Kh Hin Win Cin Cout / (s^2 g).
        weight = module.weight
        assert isinstance(weight, Tensor)
        count = output[0, 0].numel() * weight.numel()
        result.macs += count
        result.eq2["conv"] += count

    def batch_norm(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        result.eq2["bn"] += 4 * output[0].numel()

    def activation(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        result.eq2["act"] += inputs[0][0].numel()

    def global_pool(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        # Eq. 2 with a kernel as large as the image: C x 1 x 1 x H x W; CBAM pools twice (mean and maximum).
        pools = 2 if isinstance(module, ChannelAttention) else 1
        result.eq2["pool"] += pools * inputs[0][0].numel()

    hooks = (
        ((nn.Conv1d, nn.Conv2d), convolution),
        ((nn.BatchNorm2d,), batch_norm),
        ((REU, TanhExp), activation),
        ((ChannelAttention, ECA), global_pool),
    )
    handles = [
        module.register_forward_hook(hook)
        for module in model.modules()
        for kinds, hook in hooks
        if isinstance(module, kinds)
    ]
    training = model.training
    try:
        model.eval()(torch.zeros(1, 3, *size))
    finally:
        model.train(training)
        for handle in handles:
            handle.remove()
    return result
