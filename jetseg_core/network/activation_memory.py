"""How much memory a forward pass needs for what flows through it."""

from __future__ import annotations

import weakref
from typing import Any, Protocol

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class Ledger(Protocol):
    """Whoever the bytes written are added to."""

    written_bytes: int


class ActivationMemory(TorchDispatchMode):
    """While active, follows every tensor that an operation makes, from its making to its end.

    Works on the meta device, too, where tensors have a size and no contents.
    """

    def __init__(self, *inputs: Tensor) -> None:
        """`inputs` are in memory from the start."""
        super().__init__()
        self.peak = 0
        """Most bytes that lived at one time."""
        self._live = 0
        self._known: weakref.WeakSet[Any] = weakref.WeakSet()
        self._ledger: Ledger | None = None
        for tensor in inputs:
            self._follow(tensor)

    def report_to(self, ledger: Ledger) -> None:
        """Add what is written from now on to this ledger."""
        self._ledger = ledger

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        result = operation(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor) and self._follow(tensor) and self._ledger:
                self._ledger.written_bytes += tensor.untyped_storage().nbytes()
        return result

    def _follow(self, tensor: Tensor) -> bool:
        """Whether the tensor has memory of its own, not seen before: no view, no result in place."""
        storage = tensor.untyped_storage()
        if storage in self._known:
            return False
        self._known.add(storage)
        self._live += storage.nbytes()
        self.peak = max(self.peak, self._live)
        weakref.finalize(storage, self._forget, storage.nbytes())
        return True

    def _forget(self, size: int) -> None:
        self._live -= size
