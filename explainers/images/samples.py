"""Sample pictures, taken from packages that are installed anyway."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

# Those photos of the two packages that the bundled classifier gets right, the surest first.
# Package, file in it, title, credit (of scikit-image: the docstrings of skimage.data).
KNOWN = (
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
    """A picture to try.

    name:   short and unique, the name of its file.
    title:  what it shows, in plain words.
    credit: who made it, its licence and the package it comes with.
    path:   where its file is.
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
    """The known samples whose file is there, the surest first; the packages are found but not imported."""
    return tuple(
        Sample(path.stem, title, credit, path)
        for package, file, title, credit in KNOWN
        if (path := _find(package, file))
    )


def _find(package: str, file: str) -> Path | None:
    spec = find_spec(package)
    folders = (spec and spec.submodule_search_locations) or ()
    return next((path for folder in folders if (path := Path(folder, file)).is_file()), None)


SAMPLES = installed_samples()
