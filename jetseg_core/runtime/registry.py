"""The backends, by name: each describes itself in its own file, ``<name>_backend.py`` in this folder."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from jetseg_core.runtime.base import Runtime

Backend = TypeVar("Backend", bound="type[Runtime]")
_registered: dict[str, type[Runtime]] = {}


def register_backend(backend: Backend) -> Backend:
    """Class decorator: offer a backend under its name."""
    _registered[backend.backend] = backend
    return backend


@cache
def backends() -> dict[str, type[Runtime]]:
    """Every backend by name, in alphabetical order. Their Python packages are not imported."""
    from jetseg_core import runtime

    for module in pkgutil.iter_modules(runtime.__path__):
        if module.name.endswith("_backend"):
            importlib.import_module(f"{runtime.__name__}.{module.name}")
    return dict(sorted(_registered.items()))


def devices() -> list[str]:
    """The kinds of device that backends run on, such as cpu."""
    return sorted({device for backend in backends().values() for device in backend.precisions})


def precisions() -> list[str]:
    """The precisions that backends compute in, such as fp32."""
    offers = [offer for backend in backends().values() for offer in backend.precisions.values()]
    return sorted({precision for offer in offers for precision in offer}, reverse=True)
