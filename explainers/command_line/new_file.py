"""Files that commands write: nothing is overwritten, and what can't be written is told in a sentence."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click


def write_new(path: Path, page: str) -> Path:
    """Write a file of that name, or of that with the first number that makes it new; return its path."""
    with telling(path):
        for number in itertools.count(1):
            free = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
            with suppress(FileExistsError), free.open("x", encoding="utf-8", errors="backslashreplace") as file:
                try:
                    file.write(page)
                    file.flush()
                except BaseException:  # an interruption, too
                    free.unlink()
                    raise
                return free
    raise AssertionError


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Say in a sentence that a file could not be written."""
    try:
        yield
    except OSError as error:
        raise click.ClickException(f"{path} could not be written: {error.strerror or error}.") from error
