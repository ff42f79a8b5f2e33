"""Sample pictures from packages that are installed anyway."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

# Photos of two packages that the bundled classifier recognises, the most certain first:
# package, file in it, title, credit (for scikit-image, from the docstrings of skimage.data).
KNOWN_SAMPLES = (
    ("skimage", "data/coffee.png", "Cup of coffee", "Rachel Michetti, CC0, from scikit-image"),
    ("skimage", "data/chelsea.png", "Chelsea the cat", "Stéfan van der Walt, CC0, from scikit-image"),
    (
        "matplotlib",
        "mpl-data/sample_data/grace_hopper.jpg",
        "Grace Hopper in uniform",
        "U.S. Navy, public domain, from matplotlib",
    ),
)


@dataclass(frozen=True)
class Sample:
    """A sample picture.

    name:   the stem of its file name, which is unique.
    title:  what it shows, in plain words.
    credit: its author, its licence and the package it comes from.
    path:   the path of its file.
    """

    name: str
    title: str
    credit: str
    path: Path

    @property
    def data(self) -> bytes:
        """The bytes of the file."""
        return self.path.read_bytes()


def installed_samples() -> tuple[Sample, ...]:
    """Return the known samples whose file exists, without importing their packages."""
    return tuple(
        Sample(path.stem, title, credit, path)
        for package, file, title, credit in KNOWN_SAMPLES
        if (path := _find(package, file))
    )


def _find(package: str, file: str) -> Path | None:
    spec = find_spec(package)
    folders = (spec and spec.submodule_search_locations) or ()
    return next((path for folder in folders if (path := Path(folder, file)).is_file()), None)


SAMPLES = installed_samples()
