"""The command `audit` makes a run, goes on with it after whatever has ended it, and says what came of it."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from explainers.audit.engine.worker import Worker
from explainers.audit.findings import FORMAT, VERSION
from explainers.audit.findings.finding import Findings
from explainers.audit.runs.identity import run_identity
from explainers.audit.runs.run import Run
from explainers.command_line import main
from explainers.errors import ExplanationError
from explainers.reviews.audit_notes import AuditNote, AuditNotes
from explainers.reviews.location import location

ROOT = Path(__file__).parents[3]
COMMAND = sys.modules["explainers.command_line.audit"]  # the command has the same name
OPTIONS = ("--model", "bundled", "--method", "vanilla-gradient", "--workers", "1", "--part", "2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of eleven pictures in two classes of the classifier and in one that it doesn't have."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(11):
        path = folder / ("espresso", "goldfish", "unicorn")[number % 3] / f"{number:02}.png"
        path.parent.mkdir(exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (20, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    return folder


@pytest.fixture(autouse=True)
def _nothing_found(monkeypatch):
    """Nothing is looked for in the runs of most tests, which takes most of the time."""

    def nothing(run, **_):
        return Findings(FORMAT, VERSION, run_identity(run.plan), run.plan.pictures, (), (), (), ())

    monkeypatch.setattr(COMMAND, "find", nothing)


@pytest.fixture
def run():
    """(arguments...) -> the result of the command `audit`."""
    return lambda *arguments: CliRunner().invoke(main, ["audit", *map(str, arguments)])


@pytest.fixture(scope="module")
def whole(folder, tmp_path_factory):
    """The folder of a run that nothing has disturbed, and the result of the command that made it."""
    out = tmp_path_factory.mktemp("whole") / "run"
    return out, CliRunner().invoke(main, ["audit", str(folder), "--out", str(out), *OPTIONS])


def parts(out):
    return {path.name: path.read_bytes() for path in (out / "parts").iterdir()}


def test_a_run_is_made_and_summed_up(whole, folder):
    out, result = whole
    assert result.exit_code == 0, result.output
    assert "1 of 3 labels can't be matched to a class of the classifier: unicorn." in result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "11 of 11 pictures have a map."
    assert "of the 8 pictures whose class is known." in lines[1]
    assert lines[-1].endswith(f"WHYPIXEL_RUNS={out.parent} streamlit run dashboard.py")
    plan = Run.open(out).plan
    assert (plan.source, plan.pictures, plan.part) == (str(folder.resolve()), 11, 2)
    assert (plan.classifier, plan.method, plan.asked, plan.fit) == ("bundled", "vanilla-gradient", "likeliest", "crop")
    assert (out / "findings.json").exists()


def test_the_same_command_does_nothing_twice(whole, folder, run, monkeypatch):
    out, first = whole
    before = parts(out)
    monkeypatch.setattr(COMMAND, "compute", pytest.fail)
    monkeypatch.setattr(COMMAND, "find", pytest.fail)
    again = run(folder, "--out", out, *OPTIONS)
    assert (again.exit_code, again.stdout, parts(out)) == (0, first.stdout, before)
    document = json.loads(run(folder, "--out", out, *OPTIONS, "--json").stdout)
    assert (document["pictures"], document["labelled"], document["broken"]) == (11, 8, [])


def test_what_was_found_in_another_run_is_looked_for_again(whole, folder, run, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(whole[0], out)
    found = json.loads((out / "findings.json").read_text())
    (out / "findings.json").write_text(json.dumps(found | {"run": "0" * 64}))
    report = CliRunner().invoke(main, ["audit-report", str(out), "--out", str(tmp_path / "report.html")])
    assert (report.exit_code, "audit command looks again." in " ".join(report.output.split())) == (1, True)
    result = run(folder, "--out", out, *OPTIONS)
    assert (result.exit_code, "another state of this one. Looking" in " ".join(result.stderr.split())) == (0, True)
    assert json.loads((out / "findings.json").read_text())["run"] == found["run"]


def test_a_report_of_a_run_is_written_and_nothing_is_overwritten(whole, tmp_path, monkeypatch):
    monkeypatch.setenv("WHYPIXEL_DB", str(tmp_path / "board.sqlite"))
    notes = AuditNotes(location())
    notes.say(run_identity(Run.open(whole[0]).plan), "cluster-3-7", AuditNote(("shortcut",), "Anna", "It is the mark."))
    notes.close()

    def report(of=whole[0]):
        return CliRunner().invoke(main, ["audit-report", str(of), "--out", str(tmp_path / "new" / "report.html")])

    assert (report().exit_code, report().stderr) == (0, f"The report is in {tmp_path / 'new' / 'report-2.html'}.\n")
    page = (tmp_path / "new" / "report.html").read_text()
    assert "It is the mark." in page
    assert str(whole[0]) not in page
    assert (report(tmp_path).exit_code, report(tmp_path).stderr) == (1, f"Error: {tmp_path} holds no audit.\n")


def test_broken_pictures_end_it_with_1_and_the_run_is_whole(run, tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "torn\x1b[31m.png").write_bytes(b"torn")
    Image.new("RGB", (20, 20), "red").save(tmp_path / "pictures" / "red.png")
    result = run(tmp_path / "pictures", "--out", tmp_path / "run", *OPTIONS)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[:3] == [
        "1 of 2 pictures have a map.",
        "1 picture has none:",
        "  torn\\x1b[31m.png: This file is not a picture that can be read; JPEG, PNG, WebP, BMP, GIF, TIFF, AVIF and "
        "HEIC files can.",
    ]
    assert Run.open(tmp_path / "run").missing() == []
    document = json.loads(run(tmp_path / "pictures", "--out", tmp_path / "run", *OPTIONS, "--json").stdout)
    assert [each["picture"] for each in document["broken"]] == ["torn\x1b[31m.png"]


def test_pictures_without_a_map_are_tried_again_on_request(run, folder, whole, tmp_path, monkeypatch):
    out = tmp_path / "run"

    def fail(self, *_):
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("explainers.audit.cases.files.check_most", fail)
        result = run(folder, "--out", out, *OPTIONS)
    assert (result.exit_code, "espresso/00.png: The file could not be read: Input/output" in result.stdout) == (1, True)
    assert run(folder, "--out", out, *OPTIONS).exit_code == 1
    with monkeypatch.context() as patch:  # what was found in rows without a map doesn't outlive them
        patch.setattr(COMMAND, "find", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        assert run(folder, "--out", out, *OPTIONS, "--retry").exit_code == 130
    assert not (out / "findings.json").exists()
    again = run(folder, "--out", out, *OPTIONS)
    assert (again.exit_code, parts(out)) == (0, parts(whole[0]))


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--method", "magic"), 2, "'magic' is not one of"),
        (("--method", "integrated-gradients", "--steps", "0"), 2, "'0' must be a whole number"),
        (("--asked", "me"), 2, "'me' is not one of"),
        (("--part", "0"), 2, "0 is not in the range"),
        (("--model", "nonsense"), 1, "There is no classifier called 'nonsense'"),
        (("--pictures", "."), 1, "for a table only"),
        (("--boxes", __file__), 1, "test_audit.py is no table"),
        (("--method", "grad-cam", "--layer", "nowhere"), 1, "has no layer 'nowhere'"),
        (("--part", "3"), 1, "holds another audit (pictures in a part: 2 there, 3 here)"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_work(whole, folder, run, monkeypatch, arguments, code, said):
    out, _ = whole
    before = parts(out)
    monkeypatch.setattr(COMMAND, "compute", pytest.fail)
    result = run(folder, "--out", out, *OPTIONS, *arguments)
    assert (result.exit_code, result.stdout, parts(out)) == (code, "", before)
    assert said in " ".join(result.stderr.split())


def test_a_folder_without_pictures_or_with_other_things_is_refused(run, folder, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    assert "holds no picture" in run(tmp_path, "--out", tmp_path / "run", *OPTIONS).stderr
    assert "isn't empty, and holds no audit" in run(folder, "--out", tmp_path, *OPTIONS).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_full_disk_is_told_and_the_same_command_goes_on(whole, folder, run, tmp_path, monkeypatch):
    out, synced = tmp_path / "run", []

    def full(_):
        synced.append(1)
        if len(synced) == 5:  # the list, the manifest, and two parts fit
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("explainers.audit.runs.place.os.fsync", full)
        result = run(folder, "--out", out, *OPTIONS)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-2:] == [
        "4 of 11 pictures are done and kept. The same command goes on from there.",
        f"Error: {out} could not be written: No space left on device.",
    ]
    assert run(folder, "--out", out, *OPTIONS).exit_code == 0
    assert parts(out) == parts(whole[0])


def test_a_damaged_part_is_made_anew(whole, folder, run, tmp_path):
    out = tmp_path / "run"
    assert run(folder, "--out", out, *OPTIONS).exit_code == 0
    (out / "parts" / "00002.parquet").write_bytes(b"PAR1")
    result = run(folder, "--out", out, *OPTIONS)
    assert (result.exit_code, "1 damaged part is made anew." in result.stderr) == (0, True)
    assert parts(out) == parts(whole[0])


def test_a_run_that_another_process_computes_is_left_alone(folder, run, tmp_path, monkeypatch):
    @contextmanager
    def taken(folder):
        raise ExplanationError("Another process is computing it.")
        yield

    monkeypatch.setattr(COMMAND, "claimed", taken)
    result = run(folder, "--out", tmp_path / "run", *OPTIONS)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, "Error: Another process is computing it.")
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows kills no process so")
def test_a_run_that_is_interrupted_and_killed_ends_like_one_that_was_not(whole, folder, run, tmp_path, monkeypatch):
    out, rows = tmp_path / "run", Worker.rows

    def interrupted(worker, part, *arguments):
        if part == 2:
            signal.raise_signal(signal.SIGINT)  # as a terminal sends it
        return rows(worker, part, *arguments)

    def is_done(parts_done):
        return Run.open(out).done() == [*range(parts_done)] and parts(out).items() <= parts(whole[0]).items()

    with monkeypatch.context() as patch:
        patch.setattr(Worker, "rows", interrupted)
        result = run(folder, "--out", out, *OPTIONS)
    assert result.exit_code == 130, result.stderr
    said = "4 of 11 pictures are done and kept. The same command goes on from there."
    assert [line for line in result.stderr.splitlines() if line][-2:] == [said, "Interrupted."]
    assert is_done(2)
    with subprocess.Popen(
        [sys.executable, "-c", STUCK, "4", "audit", str(folder), "--out", str(out), *OPTIONS],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "stuck\n"
        process.kill()
    assert is_done(4)
    assert run(folder, "--out", out, *OPTIONS).exit_code == 0
    assert parts(out) == parts(whole[0])


STUCK = """
import sys, time
from explainers.audit.engine.worker import Worker
from explainers.command_line import main
rows, stuck = Worker.rows, int(sys.argv.pop(1))

def rows_or_stuck(worker, part, *arguments):
    if part == stuck:
        print("stuck", flush=True)
        time.sleep(600)
    return rows(worker, part, *arguments)

Worker.rows = rows_or_stuck
main()
"""
