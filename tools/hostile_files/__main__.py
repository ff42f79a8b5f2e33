"""Give a hundred hostile files to the reader of people's classifiers, and see what each comes to.

python -m tools.hostile_files                prints the table
python -m tools.hostile_files --write        puts it into docs/hostile-files.md, too

Each file lies in a folder of its own, in which code in it would make a canary. Afterwards the canary must be missing,
nothing must be left of a refused file, and the process that read it must have kept to its limits (Linux).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from explainers.classifiers.own.extraction import MAX_MEMORY
from explainers.classifiers.own.reading import read_own
from explainers.errors import ExplanationError
from explainers.markdown import escaped
from tools import marks, tables
from tools.hostile_files.archives import FOLDERS, ZIPS
from tools.hostile_files.kinds import KINDS
from tools.hostile_files.making import CANARY, Hostile
from tools.hostile_files.numbers import HEADERS, PICKLES
from tools.hostile_files.programs import PROGRAMS
from tools.hostile_files.watching import Watch

DOCUMENT, NAME = "hostile-files.md", "tools.hostile_files"
GROUPS = {
    "Programs in pickles": PROGRAMS,
    "Numbers and sizes in pickles": PICKLES,
    "Headers of .safetensors files": HEADERS,
    "Zip archives": ZIPS,
    "Folders": FOLDERS,
    "Kinds that aren't read": KINDS,
}
HEAD = ("File", "What its owner is told", "CPU s", "Memory, MB")
OWN_MEGABYTES = 100  # of the process before it reads anything, at most
MAX_CPU_SECONDS = 10


@dataclass(frozen=True)
class Outcome:
    """What came of a file.

    sentence: what its owner is told.
    left:     names of files that were there afterwards, though they shouldn't be.
    seconds:  of the processor's time.
    """

    sentence: str
    left: tuple[str, ...]
    seconds: float
    megabytes: float

    @property
    def is_harmless(self) -> bool:
        """Whether it was read or refused within the limits, and left nothing."""
        within = self.seconds < MAX_CPU_SECONDS and self.megabytes < MAX_MEMORY / 10**6 + OWN_MEGABYTES
        return within and not self.left


def outcome(hostile: Hostile) -> Outcome:
    """Make a file, read it, and look at what is left."""
    with tempfile.TemporaryDirectory() as place:
        given, kept = Path(place, "given"), Path(place, "kept")
        given.mkdir()
        kept.mkdir()
        path = hostile.make(given)
        before, watch = {*Path(place).rglob("*")}, Watch()
        with watch.watched():
            try:
                file = read_own(path, path.name, kept)
                sentence = " ".join(("It is read.", *file.notes))
                expected = {file.weights, kept / "config.json", kept / "preprocessor_config.json"}
            except ExplanationError as error:
                sentence, expected = str(error).replace(place, ""), set[Path]()
        left = {*Path(place).rglob("*")} - before - expected
        canaries = {*Path(place).rglob(CANARY)} | {*Path.cwd().glob(CANARY)}
        names = tuple(sorted(file.name for file in left | canaries))
    return Outcome(sentence, names, watch.seconds, watch.megabytes)


def row(hostile: Hostile, came: Outcome) -> tuple[str, ...]:
    """The cells of a file."""
    sentence = came.sentence if came.is_harmless else f"HARM (left: {came.left}): {came.sentence}"
    return escaped(hostile.name), escaped(sentence), f"{came.seconds:.1f}", f"{came.megabytes:.0f}"


def table(files: Iterable[Hostile]) -> tuple[str, int]:
    """The table of a group of files, and how many of them did harm."""
    outcomes = [(hostile, outcome(hostile)) for hostile in files]
    harmful = sum(not came.is_harmless for _, came in outcomes)
    return tables.table(HEAD, [row(hostile, came) for hostile, came in outcomes]), harmful


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"put the tables into docs/{DOCUMENT}")
    options = parser.parse_args()
    blocks, harmful = [], 0
    for title, files in GROUPS.items():
        block, harm = table(files)
        blocks.append(f"## {title}\n\n{block}")
        harmful += harm
        print(blocks[-1], end="\n\n", flush=True)
    count = sum(map(len, GROUPS.values()))
    print(f"{count} files, {harmful} of which did harm")
    if options.write:
        marks.write(DOCUMENT, NAME, "\n\n".join(blocks))
    sys.exit(bool(harmful))


if __name__ == "__main__":
    main()
