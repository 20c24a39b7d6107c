"""PyTorch, on CPU or CUDA."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import numpy as np

from jetseg_core.errors import JetSegError
from jetseg_core.jetson import has_nvidia_device
from jetseg_core.runtime.base import Runtime
from jetseg_core.runtime.model_files import ModelDescription
from jetseg_core.runtime.registry import register_backend


@register_backend
class TorchBackend(Runtime):
    """Runs the checkpoint itself, in fp32, or in fp16 on CUDA."""

    backend = "torch"
    packages = ("torch",)
    model_suffix = ".pt"
    precisions: ClassVar = {"cpu": ("fp32",), "cuda": ("fp32", "fp16")}
    speed: ClassVar = {"cpu": 1, "cuda": 1}

    @classmethod
    def sees_cuda(cls) -> bool:
        """True if torch is installed and sees a CUDA device."""
        # Importing torch takes a second and 300 MB, so look for a device first.
        if find_spec("torch") is None or not has_nvidia_device():
            return False
        import torch

        return torch.cuda.is_available()

    def _load(self, model: Path) -> ModelDescription:
        import torch

        from jetseg_core.deploy.deployed import deploy
        from jetseg_core.network.checkpoint import load_checkpoint

        settings = self.settings
        checkpoint = load_checkpoint(model)
        cuda = torch.cuda.is_available()
        if settings.device == "cuda" and not cuda:
            raise JetSegError(
                "device: 'cuda' was asked for, but torch sees no CUDA device; use cpu, or install a torch "
                "built for this machine's CUDA"
            )
        kind = "cuda" if cuda and settings.device != "cpu" else "cpu"
        self._check_offer({kind: self.precisions[kind]})
        self.device = "cuda:0" if kind == "cuda" else "cpu"
        self.precision = "fp32" if settings.precision == "auto" else settings.precision
        if settings.threads:
            torch.set_num_threads(settings.threads)
        self._graph = deploy(checkpoint.build()).to(kind)
        # Depthwise convolutions are several times faster in this layout.
        self._graph.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        return ModelDescription(
            name=model.stem,
            config=checkpoint.config,
            classes=checkpoint.classes,
            sha256=checkpoint.sha256,
            provenance=checkpoint.provenance,
        )

    def _infer(self, images: np.ndarray, confidence: bool) -> tuple[np.ndarray, np.ndarray | None]:
        import torch

        kind = self.device.partition(":")[0]
        half = torch.autocast(kind, torch.float16, enabled=self.precision == "fp16")
        with torch.inference_mode(), half:
            if kind == "cpu":
                labels, certainty = self._graph(torch.from_numpy(images))
                return labels.numpy(), certainty.numpy() if confidence else None
            # Page-locked memory at both ends, so that nothing waits but the one synchronisation, which releases the
            # interpreter's lock.
            source = torch.from_numpy(images).pin_memory().to(kind, non_blocking=True)
            found = self._graph(source)[: 2 if confidence else 1]
            results = [torch.empty(x.shape, dtype=x.dtype, pin_memory=True) for x in found]
            for result, value in zip(results, found, strict=True):
                result.copy_(value, non_blocking=True)
            torch.cuda.current_stream().synchronize()
        # Copies: page-locked memory is scarce, and the caller may keep what it gets.
        arrays = [result.numpy().copy() for result in results]
        return arrays[0], arrays[1] if confidence else None
