"""Modes that see every operation, and don't import torch's compiler for it."""

from __future__ import annotations

import functools
import inspect
import sys
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode

COMPILER = "torch._dynamo"


class DispatchMode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """A mode whose subclasses define `__torch_dispatch__`.

    Torch keeps its compiler out of that method, and for this imports it at the first operation, which takes seconds.
    Where nobody has imported the compiler, there is nothing to keep out.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)  # type: ignore[no-untyped-call]
        shielded, plain = cls.__torch_dispatch__, inspect.unwrap(cls.__torch_dispatch__)

        @functools.wraps(plain)
        def dispatch(*args: Any, **kwargs: Any) -> Any:
            return (shielded if COMPILER in sys.modules else plain)(*args, **kwargs)

        cls.__torch_dispatch__ = dispatch  # type: ignore[method-assign]
