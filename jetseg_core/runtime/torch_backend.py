"""PyTorch, on CPU or CUDA."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from jetseg_core.deploy.deployed import deploy
from jetseg_core.errors import JetSegError
from jetseg_core.network.checkpoint import load_checkpoint
from jetseg_core.runtime.base import ModelDescription, Runtime
from jetseg_core.runtime.runtime_settings import RuntimeSettings


class TorchRuntime(Runtime):
    """Runs the checkpoint itself, in fp32, or in fp16 on CUDA."""

    backend = "torch"

    def __init__(self, checkpoint_path: Path, settings: RuntimeSettings) -> None:
        checkpoint = load_checkpoint(checkpoint_path)
        description = ModelDescription(
            name=checkpoint_path.stem,
            config=checkpoint.config,
            classes=checkpoint.classes,
            sha256=checkpoint.sha256,
            provenance=checkpoint.provenance,
        )
        super().__init__(description, settings)
        cuda = torch.cuda.is_available()
        if settings.device == "cuda" and not cuda:
            raise JetSegError(
                "device: 'cuda' was asked for, but torch sees no CUDA device; use cpu, or install a torch "
                "built for this machine's CUDA"
            )
        self._device = torch.device("cuda" if cuda and settings.device != "cpu" else "cpu")
        self.device = "cuda:0" if self._device.type == "cuda" else "cpu"
        choices = ("fp32", "fp16") if self._device.type == "cuda" else ("fp32",)
        if settings.precision not in ("auto", *choices):
            raise JetSegError(
                f"precision: '{settings.precision}' is not available with torch on {self.device}; "
                f"choose auto or {' or '.join(choices)}"
            )
        self.precision = "fp32" if settings.precision == "auto" else settings.precision
        if settings.threads:
            torch.set_num_threads(settings.threads)
        self._graph = deploy(checkpoint.build()).to(self._device)
        # Depthwise convolutions are several times faster in this layout.
        self._graph.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    def _infer(self, images: np.ndarray, confidence: bool) -> tuple[np.ndarray, np.ndarray | None]:
        with torch.autocast(self._device.type, torch.float16, enabled=self.precision == "fp16"):
            labels, certainty = self._graph(torch.from_numpy(images).to(self._device))
        return labels.cpu().numpy(), certainty.cpu().numpy() if confidence else None
