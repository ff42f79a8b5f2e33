"""The plan of an audit: everything that decides what its numbers will be, and the manifest that holds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from explainers.classifiers.view import Fit
from explainers.explanation import Scale

FORMAT, VERSION = "whypixel audit", 1
PART = 64  # pictures, whose rows are written at once: less than a minute of work is lost when a run is killed

Asked = Literal["likeliest", "label", "label rather than likeliest"]
ASKED: tuple[Asked, ...] = get_args(Asked)


@dataclass(frozen=True)
class Plan:
    """What a run computes. Two runs of equal plans have equal rows, whoever computes them.

    source:     the folder or the zip archive that the pictures lie in.
    pictures:   how many there are, broken ones included.
    sha256:     the hash of the list of cases.
    classifier: its name, for `load_classifier`; checkpoint, labels, fit: as that takes them.
    identity:   the classifier's own hash.
    method:     the method's name in addresses; settings: those that have an effect.
    asked:      what each map explains: the likeliest class, the one the picture shows, or that rather than the
                likeliest (rather than the second likeliest, where it is the likeliest).
    scale:      the kind of score.
    removal:    whether each map is tested by deletion and insertion against itself in wrong places.
    part:       how many pictures make a part.
    chunk:      how many pictures pass at once: neighbours in the list.
    versions:   of the packages that the maps depend on.
    """

    source: str
    pictures: int
    sha256: str
    classifier: str
    checkpoint: str | None
    labels: tuple[str, ...] | None
    fit: Fit
    identity: str
    method: str
    settings: Mapping[str, Any]
    asked: Asked
    scale: Scale
    removal: bool
    part: int
    chunk: int
    versions: Mapping[str, str]

    @property
    def parts(self) -> int:
        """The number of parts."""
        return -(-self.pictures // self.part)

    def numbers(self, part: int) -> range:
        """Return the numbers of the pictures of a part."""
        return range(part * self.part, min((part + 1) * self.part, self.pictures))


@dataclass(frozen=True)
class Manifest:
    """The file that makes a folder a run."""

    format: str
    version: int
    plan: Plan
