"""What the tests of the review board share: databases of both kinds, and results to keep."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from explainers.reviews.board import Board
from explainers.reviews.location import DRIVER, Location
from explainers.reviews.review import BUNDLE, PICTURE, THUMBNAIL, Opinion, Subject

OWNER = "postgres"  # of the server where these tests run as root, which PostgreSQL refuses
FILES = {THUMBNAIL: b"a thumbnail", PICTURE: b"a picture", BUNDLE: b"a bundle"}


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[], Location]]:
    """() -> an empty database on a PostgreSQL server of our own. Without one, tests are skipped; under CI they fail."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
    missing = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
    if programs is None:
        missing("PostgreSQL is not installed: apt install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="whypixel-"))  # the names of sockets must be short

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), *arguments]
        ran = subprocess.run(as_owner(command), cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert ran.returncode == 0, ran.stdout

    if os.geteuid() == 0:
        owner = pwd.getpwnam(OWNER)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data, log = str(folder / "data"), str(folder / "log")
    run("initdb", "--pgdata", data, "--username", OWNER, "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
    run("pg_ctl", "--pgdata", data, "--log", log, "-o", f"-k {folder} -h '' -F", "--wait", "start")
    numbers = count()

    def make() -> Location:
        name = f"reviews{next(numbers)}"
        run("createdb", "--host", str(folder), "--username", OWNER, name)
        return Location(f"{DRIVER}://{OWNER}@/{name}?host={folder}", None, 10**9)

    try:
        yield make
    finally:
        run("pg_ctl", "--pgdata", data, "--mode=immediate", "--wait", "stop")
        shutil.rmtree(folder)


def as_owner(command: list[str]) -> list[str]:
    return ["runuser", "-u", OWNER, "--", *command] if os.geteuid() == 0 else command


@pytest.fixture
def sqlite(tmp_path: Path) -> Location:
    """A file that isn't there yet."""
    return Location("", tmp_path / "data/reviews.sqlite", 10**9)


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest) -> Location:
    """An empty database of either kind."""
    given = request.getfixturevalue(request.param)
    return given if isinstance(given, Location) else given()


@pytest.fixture
def open_board() -> Iterator[Callable[[Location], Board]]:
    """(location) -> a board with connections of its own."""
    boards = []

    def make(location: Location) -> Board:
        boards.append(board := Board(location))
        return board

    yield make
    for board in boards:
        board.close()


@pytest.fixture
def board(location: Location, open_board: Callable[[Location], Board]) -> Board:
    return open_board(location)


@pytest.fixture(scope="session")
def subject() -> Callable[..., Subject]:
    """(**changes) -> a result that nobody computed."""
    plain: dict[str, Any] = {
        "page": "explain",
        "settings": {"method": "grad-cam", "box": "1~2~3~4"},
        "look": {"clip": 97.5, "borders": False},
        "picture_name": "cup.jpg",
        "picture_digest": "d" * 64,
        "sample": "",
        "classifier": "PocketNet",
        "weights": "0" * 64,
        "method": "Grad-CAM",
        "label": "espresso",
        "versus": None,
        "scale": "logit",
        "score": -1.25,
        "values_digest": "f" * 64,
        "sentences": ("The **logit**.",),
    }
    return lambda **changes: Subject(**plain | changes)


@pytest.fixture(scope="session")
def keep(subject: Callable[..., Subject]) -> Callable[..., str]:
    """(board, number=0, opinion=..., **changes of the subject) -> the id under which it was kept."""

    def make(board: Board, number: int = 0, opinion: Opinion | None = None, **changes: Any) -> str:
        id = f"{number:032x}"
        board.keep(id, subject(**changes), FILES, opinion or Opinion("sensible", "Anna", "It is the *spoon*."))
        return id

    return make
