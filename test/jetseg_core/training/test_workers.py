"""Two processes that share a batch train as one."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from jetseg_core.cli.main import main
from jetseg_core.network.checkpoint import load_checkpoint


def run(data: Path, out: Path, processes: int) -> list[dict[str, str]]:
    """The curve of two short epochs by this many processes on this machine."""
    # Without the average, the trained weights themselves are kept and can be compared.
    options = "--epochs 2 --validate-every 1 --ema 0 --offset-pixels 0 --batch-size 4"
    command = ["train", "--data", str(data), "--out", str(out), *options.split()]
    command += ["--crop-height", "64", "--crop-width", "96", "--loss", "jet+ce+ohem"]
    if processes == 1:
        main(command)
    else:
        # A free port, since others may train on this machine.
        launcher = ["-m", "torch.distributed.run", "--rdzv-backend", "c10d"]
        launcher += ["--rdzv-endpoint", "127.0.0.1:0", "--nproc-per-node", str(processes)]
        launcher += ["-m", "jetseg_core.cli.main", *command]
        environment = os.environ | {"GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, *launcher], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    with (out / "curve.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
@pytest.mark.skipif(
    torch.cuda.is_available(), reason="compares CPU processes; this machine has CUDA"
)
def test_two_processes_give_the_curve_of_one(small_data: Path, tmp_path: Path) -> None:
    one, two = (run(small_data, tmp_path / str(count), count) for count in (1, 2))
    assert len(one) == len(two) == 2
    for alone, shared in zip(one, two, strict=True):
        for name in ("loss", "recall", "precision", "iou", "ce", "ohem"):
            assert float(shared[name]) == pytest.approx(float(alone[name]), rel=2e-3), name
    (first, second) = (
        load_checkpoint(tmp_path / str(count) / "best.pt").state_dict for count in (1, 2)
    )
    for name, value in first.items():
        if "running" in name:
            torch.testing.assert_close(second[name], value, rtol=0.02, atol=0.02)


def test_a_batch_that_cannot_be_shared_out_is_refused(
    small_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jetseg_core.errors import JetSegError
    from jetseg_core.training.fit import train
    from jetseg_core.training.train_config import TrainConfig

    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(JetSegError, match="batch_size: 4 frames cannot be shared evenly by 3"):
        train(TrainConfig(str(small_data), "nowhere", batch_size=4))
