"""A run is whole at any moment, says what is wrong with it, and goes on from whatever is there."""

import errno
import io
import json
import shutil
from dataclasses import replace

import pyarrow as pa
import pytest
from pyarrow import parquet

from explainers.audit.cases.listing import LostSourceError, list_cases
from explainers.audit.engine import compute
from explainers.audit.runs.beginning import begin
from explainers.audit.runs.parts import DamagedPartError
from explainers.audit.runs.place import UNFINISHED
from explainers.audit.runs.rows import SCHEMA
from explainers.audit.runs.run import Run
from explainers.errors import ExplanationError


def manifest(run, **changes):
    """Change entries of a run's manifest."""
    path = run.folder / "manifest.json"
    document = json.loads(path.read_text())
    for place, value in changes.items():
        holder = document if place in document else document["plan"]
        holder[place] = value
    path.write_text(json.dumps(document))


def test_rows_are_those_of_the_pictures_whatever_is_there_already(begun, computed, pictures, content):
    run = computed(begun(pictures))
    whole = content(run.folder)
    assert (run.done(), run.missing()) == ([0, 1, 2], [])
    for parts in ([2], [0, 1]):
        other = computed(begun(pictures, name=f"other{parts[0]}"), parts)
        assert other.missing() == [part for part in range(3) if part not in parts]
        assert other.table(["number"])["number"].to_pylist() == [
            number for part in parts for number in run.plan.numbers(part)
        ]
        assert content(computed(Run.open(other.folder)).folder) == whole


def test_a_run_is_opened_as_it_was_made(begun, computed, pictures):
    run = begun(pictures)
    assert Run.open(run.folder) == run
    assert Run.create(run.folder, run.plan, run.cases) == run
    assert [case.path for case in Run.open(run.folder).cases] == sorted(case.path for case in run.cases)
    assert (run.row(0), run.rows([0, 99], ["path"]), len(run.table())) == (None, {}, 0)
    assert run.table(["path", "map"]).schema == pa.schema([SCHEMA.field("path"), SCHEMA.field("map")])
    computed(run)
    assert [run.row(number)["path"] for number in range(6)] == [case.path for case in run.cases]
    assert run.rows([5, 0, -1, 6], ["path"]) == {5: {"path": run.cases[5].path}, 0: {"path": run.cases[0].path}}
    with pytest.raises(ExplanationError, match="holds another audit"):
        Run.create(run.folder, replace(run.plan, removal=True), run.cases)
    with pytest.raises(ExplanationError, match="holds another audit"):
        Run.create(run.folder, run.plan, run.cases[1:])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"version": 2},
            "written in version 2 of the format, and this Whypixel reads version 1. Use a newer Whypixel.",
        ),
        ({"version": "1"}, "written in version '1' of the format, and this Whypixel reads version 1."),
        ({"format": "another"}, "holds no audit"),
        ({"part": 0}, "is damaged: it has numbers below 1"),
        ({"pictures": -1}, "is damaged: it has numbers below 1"),
        ({"part": "2"}, "is damaged: plan.part must be a value of type integer"),
        ({"plan": {}}, "is damaged: plan lacks the entry"),
    ],
)
def test_a_manifest_of_another_kind_is_refused(begun, pictures, changes, said):
    run = begun(pictures)
    manifest(run, **changes)
    with pytest.raises(ExplanationError) as refusal:
        Run.open(run.folder)
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        *(
            (text, r"manifest\.json is damaged: it can't be read as JSON")
            for text in ("", "{", "[" * 100_000, "\udcff")
        ),
        ("[1]", "holds no audit"),
    ],
)
def test_a_manifest_that_is_no_manifest_is_refused(begun, pictures, text, said):
    run = begun(pictures)
    (run.folder / "manifest.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ExplanationError, match=said):
        Run.open(run.folder)


def test_a_list_of_other_pictures_is_refused(begun, pictures, write):
    run, other = begun(pictures), begun(write({"a.png": b"x"}, "others"), name="other")
    data = (run.folder / "cases.parquet").read_bytes()
    for bad, said in (
        ((other.folder / "cases.parquet").read_bytes(), "isn't the list"),
        (data[:99], "is damaged, or gone"),
    ):
        (run.folder / "cases.parquet").write_bytes(bad)
        with pytest.raises(ExplanationError, match=said):
            _ = Run.open(run.folder).cases


def flipped(data):
    """The bytes of a file with one bit changed in a quarter of it."""
    return data[: len(data) // 4] + bytes([data[len(data) // 4] ^ 1]) + data[len(data) // 4 + 1 :]


def altered(data):
    """A part whose first picture has another score."""
    table = parquet.read_table(pa.BufferReader(data), schema=SCHEMA)
    scores = pa.array([1.5, *table["score"].to_pylist()[1:]])
    table = table.set_column(table.schema.get_field_index("score"), "score", scores)
    parquet.write_table(table, stream := io.BytesIO())
    return stream.getvalue()


@pytest.mark.parametrize("damage", [lambda data: data[:-40], lambda data: b"", flipped, altered, None])
def test_a_damaged_part_is_told_and_made_anew(begun, computed, pictures, content, damage):
    run = computed(begun(pictures))
    whole, file = content(run.folder), run.part_file(1)
    file.write_bytes(damage(file.read_bytes()) if damage else run.part_file(0).read_bytes())
    (run.folder / "parts" / f"{UNFINISHED}1").write_text("of a process that was killed")
    assert run.mend() == [1]
    assert run.missing() == [1]
    assert content(computed(run).folder) == whole
    assert run.mend() == []
    assert [path.name for path in run.folder.glob("**/.*")] == []


def test_what_cannot_be_read_of_a_damaged_part_is_said(begun, computed, pictures):
    run = computed(begun(pictures))
    run.part_file(1).write_bytes(run.part_file(1).read_bytes()[:-40])
    for ask in (run.table, lambda: run.row(2), lambda: run.rows([0, 3], ["path"])):
        with pytest.raises(DamagedPartError, match=r"parts/00001\.parquet of the audit can't be read: it is damaged"):
            ask()
    assert run.row(0)["number"] == 0


def test_a_full_disk_loses_no_part_and_the_run_goes_on_once_there_is_room(
    begun, pictures, content, computed, monkeypatch
):
    whole = content(computed(begun(pictures, name="undisturbed")).folder)
    run, written = begun(pictures), []

    def full(_):
        written.append(1)
        if len(written) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("explainers.audit.runs.place.os.fsync", full)
        with pytest.raises(ExplanationError, match="run could not be written: No space left on device"):
            computed(run)
    assert run.done() == [0]
    assert len(run.table()) == 2
    assert content(computed(run).folder) == whole


def test_a_run_that_cannot_be_made_says_why(begun, pictures, write):
    folder = write({"file": "mine"}, "")
    with pytest.raises(ExplanationError, match="could not be"):
        begun(pictures, name="file/run")
    assert (folder / "file").read_text() == "mine"


def test_rows_of_other_pictures_are_a_mistake_of_ours(begun, pictures):
    run = begun(pictures)
    for numbers in ([0], [0, 1, 2], [1, 0], [2, 3]):
        with pytest.raises(ValueError, match="Part 0 has the pictures"):
            run.write_part(0, [{"number": number} for number in numbers])
    assert run.done() == []


def test_a_folder_that_changes_while_a_run_goes_on_changes_the_rows_of_what_changed_alone(begun, pictures, png):
    undisturbed = begun(pictures, name="undisturbed")
    compute(undisturbed, workers=1)
    run, errors = begun(pictures), {}

    def change(done, total):
        if done == 2:
            (pictures / "espresso" / "4.png").unlink(missing_ok=True)
            (pictures / "goldfish" / "1.png").write_bytes(png(1, side=25))
            (pictures / "new.png").write_bytes(png(9))

    compute(run, workers=1, on_progress=change)
    assert run.missing() == []
    rows = {row["path"]: row for row in run.table().to_pylist()}
    for path, row in ((row["path"], row) for row in undisturbed.table().to_pylist()):
        if rows[path] != row:
            errors[path] = rows[path]["error"]
    assert errors["espresso/4.png"] == "There is no such file."
    assert errors.pop("goldfish/1.png").startswith("The file has changed since the pictures were listed: it had ")
    assert [*errors] == ["espresso/4.png"]
    assert "not a picture" in rows["goldfish/3.png"]["error"]


def test_a_folder_that_is_gone_ends_the_run_and_not_its_pictures(begun, pictures, tmp_path):
    run = begun(pictures)
    pictures.rename(tmp_path / "elsewhere")
    with pytest.raises(LostSourceError, match="isn't there"):
        compute(run, workers=1)
    assert run.done() == []
    (tmp_path / "elsewhere").rename(pictures)
    compute(run, workers=1)
    assert run.table(["error"])["error"].null_count == 5


@pytest.mark.parametrize("scale", [None, "probability"], ids=["removed", "replaced"])
def test_a_run_whose_folder_is_removed_or_replaced_ends(begun, pictures, content, scale):
    run = begun(pictures)

    def remove(done, total):
        if run.done():
            shutil.rmtree(run.folder)
            if scale:
                begun(pictures, scale=scale)

    with pytest.raises(ExplanationError, match="run no longer holds this audit"):
        compute(run, workers=1, on_progress=remove)
    assert not [name for name in (content(run.folder) if scale else ()) if name.startswith("parts")]


def test_a_part_of_another_run_or_of_another_place_is_none_of_this_one(begun, computed, pictures):
    run, other = computed(begun(pictures)), computed(begun(pictures, name="other", scale="probability"))
    copied = other.part_file(1).read_bytes()
    run.part_file(1).write_bytes(copied)  # whole, and with rows of the same numbers
    with pytest.raises(ExplanationError, match=r"00001\.parquet .* not the audit's own"):
        run.table(["score"])
    with pytest.raises(ExplanationError, match="not the audit's own"):
        run.row(2)
    assert run.mend() == [1]
    run.part_file(1).write_bytes(run.part_file(0).read_bytes())
    assert run.mend() == [1]
    assert run.missing() == [1]


def test_a_run_that_was_moved_keeps_its_parts(begun, computed, pictures):
    run = computed(begun(pictures))
    moved = Run.open(run.folder.rename(run.folder.with_name("moved")))
    assert moved.mend() == []
    assert len(moved.table(["number"])) == 6


def test_a_number_of_pictures_that_was_edited_costs_nothing_and_is_refused(begun, computed, pictures):
    run = computed(begun(pictures))
    document = json.loads((run.folder / "manifest.json").read_text())
    document["plan"] |= {"pictures": 10**12, "part": 1}
    (run.folder / "manifest.json").write_text(json.dumps(document))
    edited = Run.open(run.folder)
    assert edited.done() == [0, 1, 2]
    with pytest.raises(ExplanationError, match="isn't the list of pictures"):
        _ = edited.cases
    with pytest.raises(ExplanationError, match="isn't the list of pictures"):
        begin(run.folder, replace(run.plan, part=1), list_cases(pictures))


@pytest.mark.parametrize("name", ["1.parquet", "000001.parquet", "٠٠٠٠١.parquet", "00001.parquet.bak", "00009.parquet"])
def test_other_files_beside_the_parts_are_no_parts(begun, computed, pictures, name):
    run = computed(begun(pictures), [0])
    (run.folder / "parts" / name).write_bytes(b"")
    assert run.done() == [0]
