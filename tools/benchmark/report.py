"""Reports of a benchmark in Markdown: tables, promises that are met or not, and the machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch
from torch import Tensor

from tools.tables import table

PACKAGES = ("torch", "torchvision", "captum", "torchcam", "grad-cam")


@dataclass(frozen=True)
class Limit:
    """A promise about a measured number, with its lower or upper bound, or both."""

    promise: str
    measured: float
    most: float | None = None
    least: float | None = None

    @property
    def met(self) -> bool:
        """Whether the promise holds; it doesn't where the number could not be measured (NaN)."""
        enough = self.least is None or self.measured >= self.least
        return enough and (self.most is None or self.measured <= self.most)

    def __str__(self) -> str:
        bounds = {"at least": self.least, "at most": self.most}
        bounds_text = ", ".join(f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None)
        return f"- {self.promise}: {self.measured:.3g} ({bounds_text}): {'met' if self.met else '**not met**'}"


def report(
    title: str, note: str, head: Sequence[str], rows: Iterable[Sequence[object]], limits: Iterable[Limit]
) -> str:
    """Write a section: a title, a note on the numbers, a table (with three significant digits) and the promises."""
    cells = ([_cell(value) for value in row] for row in rows)
    promises = "\n".join(map(str, limits))
    return "\n\n".join(filter(None, (f"## {title}", note, table(head, cells), promises)))


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return str(value)


def relative_l1_error(values: Tensor, reference: Tensor) -> float:
    """Return the relative L1 distance of a map from a reference."""
    return float((values - reference).abs().sum() / reference.abs().sum())


def machine() -> str:
    """Name the processor, its cores, and the versions of the packages."""
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cores, threads = os.cpu_count(), torch.get_num_threads()
    packages = ", ".join(f"{package} {_version(package)}" for package in PACKAGES)
    return (
        f"Measured on {names[0] if names else platform.processor()}, {cores} cores, {threads} threads; "
        f"{platform.system()}, Python {platform.python_version()}, {packages}."
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
