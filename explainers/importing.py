"""Imports what takes seconds only when it is needed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

# Two threads that import parts of one package at the same time may each be given half a module. So whoever imports a
# package inside a function does so with this lock.
IMPORTING = threading.RLock()

# Captum's packages import all their parts, and with them matplotlib.pyplot: ten times as much as the parts that are
# used here, each of which is in a module of its own.
PIECEMEAL: Mapping[str, Mapping[str, str]] = {
    "captum": {},
    "captum.attr": {
        "FeatureAblation": "_core.feature_ablation",
        "InputXGradient": "_core.input_x_gradient",
        "IntegratedGradients": "_core.integrated_gradients",
        "LayerActivation": "_core.layer.layer_activation",
        "LayerGradCam": "_core.layer.grad_cam",
        "LimeBase": "_core.lime",
        "Occlusion": "_core.occlusion",
        "Saliency": "_core.saliency",
    },
}


class _PiecemealFinder(MetaPathFinder):
    """Finds the packages of PIECEMEAL."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in PIECEMEAL:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec and spec.loader:
            spec.loader = _PiecemealLoader(spec.loader, PIECEMEAL[name])
        return spec


class _PiecemealLoader(Loader):
    """Imports a part of a package when its name is asked for, and the whole package for any other name."""

    def __init__(self, whole: Loader, parts: Mapping[str, str]) -> None:
        self._whole, self._parts = whole, parts
        self._complete = False

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._whole.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        def attribute(name: str) -> Any:
            with IMPORTING:
                if name not in vars(module) and name in self._parts:
                    part = import_module(f"{module.__name__}.{self._parts[name]}")
                    vars(module)[name] = getattr(part, name)
                elif name not in vars(module) and not self._complete:
                    self._complete = True  # while it is imported, it has what it has
                    try:
                        self._whole.exec_module(module)
                    except BaseException:
                        self._complete = False
                        raise
            if name not in vars(module):
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            return vars(module)[name]

        vars(module)["__getattr__"] = attribute


sys.meta_path.insert(0, _PiecemealFinder())
