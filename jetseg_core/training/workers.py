"""Training in several processes, as ``torchrun`` starts them: all share each batch and take the same step."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.distributed.nn.functional import all_reduce
from torch.nn.parallel import DistributedDataParallel

from jetseg_core.errors import JetSegError
from jetseg_core.network.jetseg import JetSeg


@dataclass(frozen=True)
class Workers:
    """Place of this process among those of the run."""

    rank: int
    """Number of this process, 0 to count - 1."""
    count: int
    """Number of processes of the run."""
    device: torch.device
    """Device that this process computes on."""

    @property
    def writes(self) -> bool:
        """True for the one process that validates and writes files."""
        return self.rank == 0

    def share(self, model: JetSeg) -> nn.Module:
        """The model with batch norms and gradients over the batch of all processes."""
        if self.count == 1:
            return model
        if self.device.type == "cuda":
            shared: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(model)
        else:
            shared = model
            for module in model.modules():
                if type(module) is nn.BatchNorm2d:
                    module.__class__ = _SharedBatchNorm2d  # The same parameters, another forward.
        # Running statistics need no broadcast: they are the same everywhere.
        return DistributedDataParallel(shared, broadcast_buffers=False)

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.count > 1:
            distributed.barrier()


@contextmanager
def join_workers(batch_size: int) -> Iterator[Workers]:
    """Join the processes that torchrun started; without torchrun this is the only one.

    Raises:
        JetSegError: the batch cannot be shared evenly.
    """
    count, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    cuda = torch.cuda.is_available()
    if batch_size % count:
        raise JetSegError(
            f"batch_size: {batch_size} frames cannot be shared evenly by {count} processes"
        )
    device = (
        torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        if cuda
        else torch.device("cpu")
    )
    if count == 1:
        yield Workers(0, 1, device)
        return
    if cuda:
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if cuda else "gloo")
    try:
        yield Workers(rank, count, device)
    finally:
        distributed.destroy_process_group()


def sum_over_workers(x: Tensor) -> Tensor:
    """The sum of a tensor over all processes, in each of them; gradients flow back to all. One process: the tensor.

    `DistributedDataParallel` takes the mean of gradients. A loss made of such sums has the same value in every process,
    and its gradient counts once for each, so that the mean is that of the whole batch.
    """
    return all_reduce(x) if distributed.is_initialized() else x


class _SharedBatchNorm2d(nn.BatchNorm2d):
    """Batch norm over the batches of all processes; torch's own, `nn.SyncBatchNorm`, refuses CPU tensors."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        number = x.numel() / x.shape[1]
        sums = torch.stack(
            (x.sum((0, 2, 3)), x.square().sum((0, 2, 3)), x.new_full((x.shape[1],), number))
        )
        total, squares, count = sum_over_workers(sums)
        mean = total / count
        variance = squares / count - mean.square()
        with torch.no_grad():
            assert self.running_mean is not None
            assert self.running_var is not None
            assert self.num_batches_tracked is not None
            assert self.momentum is not None
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
            self.num_batches_tracked += 1
        scale = self.weight * torch.rsqrt(variance + self.eps)
        shift = self.bias - mean * scale
        return torch.addcmul(shift[:, None, None], x, scale[:, None, None])
