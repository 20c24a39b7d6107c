"""Values that a configuration accepts, and its errors for others."""

from __future__ import annotations

import json

import pytest

from jetseg_core.errors import JetSegError
from jetseg_core.network.checkpoint import load_checkpoint
from jetseg_core.network.jetseg import JetSeg
from jetseg_core.network.model_config import (
    CDDC,
    PAPER_FORM,
    PRESETS,
    KernelCombination,
    ModelConfig,
)
from jetseg_core.runtime.model_files import find_model


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"preset": "micro"}, "preset: 'micro' is not one of nano, nano_wide, agx, workstation"),
        ({"combination": 7}, "combination: 7 is not one of 0 to 6"),
        ({"combination": True}, "combination: True is not one of 0 to 6"),
        ({"num_classes": 0}, "num_classes: 0 is not one of 1 to 255"),
        ({"num_classes": 256}, "num_classes: 256 is not one of 1 to 255"),
        ({"activation": "relu6"}, "activation: 'relu6' is not one of reu, tanhexp, hardswish"),
        (
            {"attention": "cbam,se,eca"},
            "attention: 'cbam,se,eca' is not three of cbam, spatial, eca, none",
        ),
        ({"attention": ["cbam"]}, "attention: 'cbam' is not three of"),
        ({"encoder": "max"}, "encoder: 'max' is not one of paper, refined"),
        ({"decoder_channels": -1}, "decoder_channels: -1 is not 0 .* or a positive width"),
        ({"residual_blocks": "1,2,3"}, "residual_blocks: '1,2,3' is not four numbers"),
        ({"residual_blocks": [1, 2, 3, -4]}, "residual_blocks: '1,2,3,-4' is not four numbers"),
        ({"residual_blocks": "1,2,x,4"}, "residual_blocks: '1,2,x,4' is not four numbers"),
        ({"depth": 3}, r"unknown keys \['depth'\]; known: .*'preset'"),
    ],
)
def test_a_wrong_configuration_names_field_value_and_choices(
    values: dict[str, object], message: str
) -> None:
    with pytest.raises(JetSegError, match=message):
        ModelConfig.from_dict(values)


@pytest.mark.parametrize("text", ["a4", "b3", "a7>2", "0", "a0"])
def test_wrong_kernels_are_refused_with_the_allowed_ones(text: str) -> None:
    with pytest.raises(JetSegError, match=r"CDDC.*(0, 3, 5 or 7|write a7>3|at least one kernel)"):
        KernelCombination.parse(*["3"] * 6, text)


def test_the_notation_of_the_combination_table() -> None:
    assert CDDC.parse("a7>3") == CDDC(7, 3)
    assert CDDC.parse("a5") == CDDC(5, 0)
    assert CDDC.parse("3") == CDDC(0, 3)


def test_a_configuration_comes_back_from_json() -> None:
    config = ModelConfig(
        "agx", 3, 19, "tanhexp", ("none", "eca", "cbam"), "fast", 48, (1, 0, 2, 0), "refined"
    )
    assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_older_checkpoints_are_still_read() -> None:
    held = {
        "preset": "nano", "combination": 0, "num_classes": 11, "activation": "reu",
        "attention": True, "decoder_channels": 0,
    }  # fmt: skip
    assert ModelConfig.from_dict(held) == PAPER_FORM
    assert ModelConfig.from_dict(held | {"attention": False}).attention == ("none",) * 3


def test_the_defaults_are_the_shipped_network() -> None:
    files = find_model("nano_camvid11")
    assert files.checkpoint is not None
    assert load_checkpoint(files.checkpoint).config == ModelConfig()


def test_an_unknown_decoder_is_refused_when_the_network_is_built() -> None:
    with pytest.raises(JetSegError, match="decoder: 'slow' is not one of paper, fast"):
        JetSeg(ModelConfig(decoder="slow"))


def test_the_published_sizes() -> None:
    nano = PRESETS["nano"]
    assert (nano.s0_channels, nano.s2_channels, nano.residual_blocks) == (8, (32, 48), (0, 0, 1, 1))
    assert ModelConfig(decoder_channels=20).sizes.decoder_channels == 20
    assert ModelConfig().sizes.decoder_channels == nano.decoder_channels
    assert ModelConfig(residual_blocks=(0, 0, 0, 0)).sizes.residual_blocks == (0, 0, 0, 0)
