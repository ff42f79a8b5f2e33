"""What a benchmark says, in Markdown: tables, promises kept or not, and the machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch
from torch import Tensor

PACKAGES = ("torch", "torchvision", "captum", "torchcam", "grad-cam")


@dataclass(frozen=True)
class Limit:
    """A promise: what was measured, and the least or the most that it may be."""

    promise: str
    measured: float
    most: float | None = None
    least: float | None = None

    @property
    def met(self) -> bool:
        """Whether it holds; what could not be measured (NaN) does not."""
        enough = self.least is None or self.measured >= self.least
        return enough and (self.most is None or self.measured <= self.most)

    def __str__(self) -> str:
        bounds = {"at least": self.least, "at most": self.most}
        said = ", ".join(f"{word} {bound:g}" for word, bound in bounds.items() if bound is not None)
        return f"- {self.promise}: {self.measured:.3g} ({said}): {'met' if self.met else '**not met**'}"


def report(
    title: str, note: str, head: Sequence[str], rows: Iterable[Sequence[object]], limits: Iterable[Limit]
) -> None:
    """Print one section: a title, what the numbers are, a table (numbers of three digits) and the promises."""
    lines = [head, ["---"] * len(head), *([_cell(value) for value in row] for row in rows)]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    print(f"\n## {title}\n\n{note}\n\n{table}\n", *limits, sep="\n", flush=True)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return str(value)


def apart(values: Tensor, reference: Tensor) -> float:
    """Relative L1 distance of a map from a reference."""
    return float((values - reference).abs().sum() / reference.abs().sum())


def machine() -> str:
    """The processor, its cores and the versions of what ran."""
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
