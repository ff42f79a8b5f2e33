"""The table of what the methods declare, and the places in the documentation that tools fill."""

import pytest

from explainers import EXPLAINERS
from tools import document, marks, tables
from tools.benchmark import __main__ as benchmark
from tools.benchmark import methods
from tools.load import __main__ as load
from tools.trials import __main__ as trials

PLACES = [
    (document.DOCUMENT, document.NAME),
    (methods.DOCUMENT, methods.NAME),
    *((benchmark.DOCUMENT, f"{benchmark.NAME} {part}") for part in benchmark.PARTS),
    (load.DOCUMENT, load.NAME),
    *((trials.DOCUMENT, f"{trials.NAME} {trial}") for trial in trials.TRIALS),
]


def text(name):
    return (marks.DOCS / name).read_text(encoding="utf-8")


def test_the_table_names_every_method_once():
    lines = document.table().splitlines()
    for kind in EXPLAINERS:
        assert sum(line.startswith(f"| [{kind.title}]({kind.paper}) | ") for line in lines) == 1
    assert len(lines) == len(EXPLAINERS) + 2
    assert {line.count("|") for line in lines} == {len(document.HEAD) + 1}


def test_the_documentation_says_what_methods_declare_today():
    rows = {row[0]: tables.line(row) for row in map(document.row, EXPLAINERS)}
    block = text(document.DOCUMENT).partition(marks.begin(document.NAME))[2].partition(marks.END)[0].strip()
    head, _, *written = block.splitlines()
    assert head == tables.line(document.HEAD)
    assert written
    for line in written:  # a method that is new need not be there yet
        assert line == rows.get(line.split(" | ")[0].removeprefix("| "))


@pytest.mark.parametrize(("name", "place"), PLACES)
def test_every_place_is_there_once_and_the_rest_of_the_text_is_kept(name, place):
    before = text(name)
    assert before.count(marks.begin(place)) == 1
    once = marks.placed(before, place, "one")
    assert f"{marks.begin(place)}\n\none\n\n{marks.END}" in once
    assert once.partition(marks.begin(place))[0] == before.partition(marks.begin(place))[0]
    rest = before.partition(marks.begin(place))[2].partition(marks.END)[2]
    assert once.partition(marks.begin(place))[2].partition(marks.END)[2] == rest
    assert marks.placed(once, place, "other") == once.replace("\n\none\n\n", "\n\nother\n\n")


@pytest.mark.parametrize(
    "text",
    [
        "no mark",
        marks.begin("a"),
        f"{marks.END} {marks.begin('a')}",
        f"{marks.begin('b')} {marks.END}",
        f"{marks.begin('a')} {marks.begin('b')} {marks.END}",  # the end is that of another place
    ],
)
def test_a_text_without_both_marks_is_refused(text):
    with pytest.raises(ValueError, match="are missing"):
        marks.placed(text, "a", "block")


def test_what_is_written_is_what_is_printed(tmp_path, monkeypatch, capsys):
    (tmp_path / document.DOCUMENT).write_text(f"before\n\n{marks.begin(document.NAME)}\n{marks.END}\n\nafter\n")
    monkeypatch.setattr(marks, "DOCS", tmp_path)
    monkeypatch.setattr("sys.argv", ["document", "--write"])
    document.main()
    written = (tmp_path / document.DOCUMENT).read_text(encoding="utf-8")
    assert written == f"before\n\n{marks.begin(document.NAME)}\n\n{capsys.readouterr().out}\n{marks.END}\n\nafter\n"
