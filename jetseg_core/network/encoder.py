"""JetNet, the encoder (section 2.3)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from jetseg_core.network.jet_block import InputBlock, JetBlock
from jetseg_core.network.model_config import AttentionKind, Branches, ModelConfig


class JetNet(nn.Module):
    """Four stages: (N, 3, H, W) -> features at strides 2, 4, 8 and 32, each side rounded up."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        sizes, kernels = config.sizes, config.kernels
        self._config = config
        s0_residual, s1_residual, s2_residual, s3_residual = sizes.residual_blocks
        s1_attention, s2_attention, s3_attention = config.attention
        s0 = sizes.s0_channels
        self.s0 = InputBlock(3, s0, kernels.input, config.activation)
        # The paper's text gives S0 residual blocks and a CBAM like S1's, but no kernels of its own; the
        # published presets have none there.
        self.s0_residual = self._stage(
            s0, (s0,) * s0_residual, (1,) * s0_residual, 0,
            kernels.s1_residual, kernels.s1_residual, s1_attention,
        )  # fmt: skip
        self.s1 = self._stage(
            s0, sizes.s1_channels, (2,), s1_residual,
            kernels.s1_residual, kernels.s1_down, s1_attention,
        )  # fmt: skip
        s2 = self._stage(
            sizes.s1_channels[-1], sizes.s2_channels, (2, 2), s2_residual,
            kernels.s2_residual, kernels.s2_down, s2_attention,
        )  # fmt: skip
        # S2 ends at stride 16. The decoder takes its last features at stride 8, the input of its second
        # down-sampling block.
        self.s2_stride8, self.s2_stride16 = s2[:-1], s2[-1]
        self.s3 = self._stage(
            sizes.s2_channels[-1], sizes.s3_channels, (2, 1), s3_residual,
            kernels.s3_residual, kernels.s3_down, s3_attention,
        )  # fmt: skip
        self.tap_channels = (
            s0, sizes.s1_channels[-1], sizes.s2_channels[0], sizes.s3_channels[-1]
        )  # fmt: skip

    def _stage(
        self,
        in_channels: int,
        channels: Sequence[int],
        strides: Sequence[int],
        residual_blocks: int,
        residual_kernels: Branches,
        kernels: Branches,
        attention: AttentionKind,
    ) -> nn.Sequential:
        """Blocks of the given channels and strides, each after its residual blocks."""

        def block(out_channels: int, branches: Branches, stride: int) -> JetBlock:
            hidden = min(in_channels * sizes.expansion, sizes.max_expansion)
            return JetBlock(
                in_channels, out_channels, hidden, branches, attention, config.activation, stride,
                config.encoder,
            )  # fmt: skip

        config, sizes = self._config, self._config.sizes
        blocks: list[nn.Module] = []
        for out_channels, stride in zip(channels, strides, strict=True):
            for _ in range(residual_blocks):
                blocks.append(block(in_channels, residual_kernels, 1))
            blocks.append(block(out_channels, kernels, stride))
            in_channels = out_channels
        return nn.Sequential(*blocks)

    def stages(self) -> dict[str, tuple[nn.Module, ...]]:
        """The modules of each stage, in order, by the stage's name."""
        return {
            "S0": (self.s0, self.s0_residual),
            "S1": (self.s1,),
            "S2, stride 8": (self.s2_stride8,),
            "S2, stride 16": (self.s2_stride16,),
            "S3": (self.s3,),
        }

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        stride2 = self.s0_residual(self.s0(x))
        stride4 = self.s1(stride2)
        stride8 = self.s2_stride8(stride4)
        stride32 = self.s3(self.s2_stride16(stride8))
        return stride2, stride4, stride8, stride32
