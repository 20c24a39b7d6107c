"""The bricks of JetSeg, one a file."""

from jetseg_core.network.layers.activation import REU, TanhExp
from jetseg_core.network.layers.attention import ECA, ChannelAttention, SpatialAttention
from jetseg_core.network.layers.cddc import CDDConv
from jetseg_core.network.layers.channel_shuffle import ChannelShuffle
from jetseg_core.network.layers.conv_bn_act import ConvBnAct
from jetseg_core.network.layers.group_rule import convenient_groups
from jetseg_core.network.layers.jet_block import InputBlock, JetBlock
from jetseg_core.network.layers.jet_conv import JetConv
from jetseg_core.network.layers.mean_pool import MeanPool
from jetseg_core.network.layers.pointwise import GPConv

__all__ = [
    "ECA", "REU", "CDDConv", "ChannelAttention", "ChannelShuffle", "ConvBnAct", "GPConv", "InputBlock",
    "JetBlock", "JetConv", "MeanPool", "SpatialAttention", "TanhExp", "convenient_groups",
]  # fmt: skip
