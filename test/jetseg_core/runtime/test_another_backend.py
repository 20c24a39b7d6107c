"""Another backend is one new file: everything that offers or runs backends finds it by itself."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from jetseg_core import runtime
from jetseg_core.cli.main import main
from jetseg_core.doctor.core_checks import examine_inference
from jetseg_core.errors import JetSegError
from jetseg_core.runtime import RuntimeSettings, create_runtime, registry

TOY = '''
"""A toy: the labels are the red channel, modulo eleven."""

import json
from pathlib import Path
from typing import ClassVar

import numpy as np

from jetseg_core.network.checkpoint import load_checkpoint
from jetseg_core.runtime.base import Runtime
from jetseg_core.runtime.model_files import ModelDescription
from jetseg_core.runtime.registry import register_backend


@register_backend
class ToyBackend(Runtime):
    backend = "toy"
    packages = ("numpy",)
    model_suffix = ".pt"
    precisions: ClassVar = {"npu": ("int4",), "cpu": ("fp32",)}
    speed: ClassVar = {"cpu": 1000}

    device = "cpu"
    precision = "fp32"

    def _load(self, model: Path) -> ModelDescription:
        found = load_checkpoint(model)
        return ModelDescription(model.stem, found.config, found.classes, found.sha256)

    def _infer(self, images, confidence):
        return images[..., 0] % 11, images[..., 1] if confidence else None
'''


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The file of a toy backend, as if it lay in the runtime's folder."""
    (tmp_path / "toy_backend.py").write_text(TOY)
    monkeypatch.setattr(runtime, "__path__", [*runtime.__path__, str(tmp_path)])
    registry.backends.cache_clear()
    yield
    registry._registered.pop("toy", None)
    sys.modules.pop("jetseg_core.runtime.toy_backend", None)
    registry.backends.cache_clear()


def test_it_is_among_the_choices(toy: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert {"onnxruntime", "openvino", "tensorrt", "torch", "toy"} <= set(registry.backends())
    assert registry.devices() == ["cpu", "cuda", "npu"] and "int4" in registry.precisions()
    for command in ("predict", "evaluate", "replay", "bench"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        printed = " ".join(capsys.readouterr().out.split())
        assert "tensorrt, torch, toy" in printed and "cpu, cuda, npu" in printed
    with pytest.raises(JetSegError, match=r"'tpu' is not one of auto, .*, toy"):
        RuntimeSettings(backend="tpu")


def test_it_runs_and_is_chosen_by_its_speed(toy: None, exported_pair: Path) -> None:
    image = np.arange(96 * 128 * 3, dtype=np.uint32).astype(np.uint8).reshape(96, 128, 3)
    for backend in ("toy", "auto"):
        chosen = create_runtime(RuntimeSettings(str(exported_pair), backend, input_size=(96, 128)))
        assert chosen.backend == "toy" and chosen.selection.startswith("toy on cpu in fp32, ")
        np.testing.assert_array_equal(chosen.segment(image).labels, image[..., 0] % 11)
    with pytest.raises(JetSegError, match=r"with toy .* offers npu int4; cpu fp32"):
        create_runtime(RuntimeSettings(str(exported_pair), "toy", precision="bf16"))


def test_doctor_and_bench_have_it(
    toy: None, exported_pair: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    findings = {finding.name: finding for finding in examine_inference(str(exported_pair))}
    assert "toy on cpu in fp32" in findings["backend toy"].found
    main(
        [
            *("bench", "--checkpoint", str(exported_pair), "--size", "64", "64", "--frames", "1"),
            *("--backend", "toy", "--precision", "fp32", "--no-start-up", "--json"),
        ]
    )
    (row,) = json.loads(capsys.readouterr().out)["results"]
    assert (row["backend"], row["precision"]) == ("toy", "fp32")


def test_the_list_of_backends_imports_none_of_their_packages() -> None:
    code = (
        "import sys; from jetseg_core.runtime.registry import backends; names = backends(); "
        "loaded = {p for b in names.values() for p in b.packages} & set(sys.modules); "
        "sys.exit(f'{list(names)} {loaded}' if loaded or len(names) < 4 else 0)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
