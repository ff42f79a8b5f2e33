"""A network that a file may be of."""

from __future__ import annotations

from dataclasses import dataclass

from explainers.classifiers.own.heads import Head
from explainers.classifiers.own.table import Architecture
from explainers.numbers import counted


@dataclass(frozen=True)
class Candidate:
    """An architecture that a file may be of, and what the file says of its form.

    exact:      whether all names and shapes are the architecture's as its library builds it.
    difference: what tells it from the other candidates, in a few words; "" if it is the only one.
    head:       layers that take the place of the architecture's own head; None: it has its own.
    prefix:     what has to be taken off the file's names.
    order:      the file's names in their order, where it is the order that tells which tensor is which; else none.
    left_out:   names of tensors that are not the network's.
    """

    architecture: Architecture
    classes: int
    channels: int
    size: int
    exact: bool
    difference: str = ""
    head: Head | None = None
    prefix: str = ""
    order: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def form(self) -> str:
        """What the file says: "with 7 classes" or "with one logit", and channels and size where they aren't usual."""
        text = "with one logit" if self.classes == 1 else f"with {self.classes:,} classes"
        if self.channels != self.architecture.channels:
            text += f" and {counted(self.channels, 'channel', 'channels')}"
        if self.size != self.architecture.size:
            text += f", for pictures of {self.size} px"
        return text
