"""The command line asks what the pages ask, and its output and exit codes are made for programs."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import explainers
from explainers import EXPLAINERS, IntegratedGradients, Target, load_classifier, read_image
from explainers.command_line import main
from explainers.experiments import Finding, Randomisation, Removal, Stability

ROOT = Path(__file__).parents[3]
CHECK = sys.modules["explainers.command_line.check"]  # the command has the same name
REPORT = sys.modules["explainers.command_line.report"]
QUICK = ("--method", "vanilla-gradient")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of two pictures, one of them in a folder below, and a file that isn't one."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "below").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (70, 90, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "noise.png")
    Image.new("RGB", (64, 80), (200, 40, 60)).save(folder / "below" / "Red.JPG")
    (folder / "notes.txt").write_text("nothing to see")
    return folder


@pytest.fixture
def run():
    """(arguments...) -> the result of the command line."""
    return lambda *arguments: CliRunner().invoke(main, [*map(str, arguments)])


def test_a_folder_becomes_a_map_for_each_picture(run, folder, tmp_path):
    result = run("explain", folder, "--out", tmp_path / "out", *QUICK)
    assert (result.exit_code, result.stderr) == (0, "")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"noise", "Red"}
    assert [line.partition(":")[0] for line in result.stdout.splitlines()] == [
        str(folder / "below" / "Red.JPG"),
        str(folder / "noise.png"),
    ]


def test_the_map_is_the_one_of_the_library(run, folder, tmp_path):
    options = ("--steps", 4, "--baseline", "white", "--target", "3", "--versus", "0", "--channels", "largest")
    result = run("explain", folder / "noise.png", "--out", tmp_path, "--method", "integrated-gradients", *options)
    assert result.exit_code == 0, result.output
    restored = explainers.load(tmp_path / "noise")
    photo = read_image((folder / "noise.png").read_bytes())
    explanation = IntegratedGradients(steps=4, baseline="white")(load_classifier("bundled"), photo, Target(3, 0))
    assert restored.values.tobytes() == explanation.values.tobytes()
    assert restored.reduction == "largest"
    with Image.open(tmp_path / "noise" / "overlay.png") as overlay:
        assert overlay.size == photo.size


def test_a_report_is_added_to_each_map_on_request(run, folder, tmp_path):
    assert run("explain", folder, "--out", tmp_path, "--report", *QUICK).exit_code == 0
    for name in ("noise", "Red"):
        assert "<h1>Why does PocketNet say" in (tmp_path / name / "report.html").read_text("utf-8")
    assert "--report needs --out" in run("explain", folder, "--report", *QUICK).stderr


def test_one_report_tells_of_all_pictures_and_replaces_none(run, folder, tmp_path):
    (broken := tmp_path / "broken.png").write_bytes(b"no picture")
    out = tmp_path / "below" / "all.html"
    for name in ("all.html", "all-2.html"):
        result = run("report", folder, broken, "--out", out, "--title", "Both", "--notes", "Look & see.", *QUICK)
        assert result.exit_code == 1
        assert result.stderr.splitlines()[1:] == [f"The report is in {out.with_name(name)}.", "1 of 3 pictures failed."]
        page = out.with_name(name).read_text("utf-8")
        for part in ("<h1>Both</h1>", "2 of 3 maps", "Red.JPG: ", "noise.png: ", "broken.png", "Look &amp; see."):
            assert part in page
    assert "No test of this map had been run" in page


def test_no_name_of_a_file_speaks_to_the_terminal_leaves_the_folder_or_loses_the_report(run, folder, tmp_path):
    pictures = [tmp_path / name for name in ("...png", "bad\udcff\x1b[31m\n.png", f"{'x' * 246}.png")]
    for picture in pictures:
        picture.write_bytes((folder / "noise.png").read_bytes())
    result = run("explain", *pictures, "--out", tmp_path / "out", "--report", *QUICK)
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 3)
    assert "bad\\udcff\\x1b[31m\\n.png: " in result.stdout
    assert {each.name for each in (tmp_path / "out").iterdir()} == {"picture", *(each.stem for each in pictures[1:])}
    assert run("report", *pictures, "--out", tmp_path / "all.html", "--title", "\udce9", *QUICK).exit_code == 0
    assert "bad\\udcff" in (tmp_path / "all.html").read_text("utf-8")
    rows = [json.loads(line) for line in run("explain", *pictures, "--json", *QUICK).stdout.splitlines()]
    assert [row["picture"] for row in rows] == [*map(str, pictures)]


@pytest.mark.parametrize(("code", "said"), [(errno.EPIPE, ""), (errno.ENOSPC, "Error: [Errno 28] it is full\n")])
def test_nothing_more_is_computed_once_the_output_takes_no_more(run, folder, monkeypatch, code, said):
    explained, pictures = [], sys.modules["explainers.command_line.pictures"]
    explain = pictures.explain_chosen

    def close(*_, err=False, **__):
        if not err:
            raise OSError(code, "it is full")

    monkeypatch.setattr(
        pictures, "explain_chosen", lambda *each, **options: explained.append(each) or explain(*each, **options)
    )
    monkeypatch.setattr(pictures.click, "echo", close)
    result = run("explain", *[folder] * 3, "--json", *QUICK)
    assert (result.exit_code, result.stderr) == (1, said)
    assert len(explained) <= 2  # the next one may have begun


def test_a_report_has_what_the_tests_find_on_request(run, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(REPORT, "EXPERIMENTS", [Told("for")])
    assert run("report", folder, "--tests", "--out", tmp_path / "all.html", *QUICK).exit_code == 0
    assert (tmp_path / "all.html").read_text("utf-8").count("It says so by 3.") == 2


def test_a_report_of_too_many_pictures_or_without_a_place_is_refused_before_any_work(
    run, folder, tmp_path, monkeypatch
):
    monkeypatch.setattr("explainers.command_line.classifier.load_classifier", pytest.fail)
    result = run("report", *[folder] * 51, "--out", tmp_path / "all.html")
    assert (result.exit_code, [*tmp_path.iterdir()]) == (2, [])
    assert "102 pictures; this command takes 100 at most" in result.stderr
    (tmp_path / "file").write_text("mine")
    result = run("report", folder, "--out", tmp_path / "file" / "all.html")
    assert result.exit_code == 1
    assert "could not be written" in result.stderr


def test_json_is_a_line_for_each_picture_and_for_each_failure(run, folder, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n")
    result = run("explain", folder, broken, "--json", *QUICK)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [*map(len, rows)] == [len(rows[0])] * 2 + [2]
    assert rows[0]["label"] == rows[0]["prediction"]
    assert rows[0]["saved"] is None
    assert rows[2]["picture"] == str(broken)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [f"{broken}: {rows[2]['error']}", "1 of 3 pictures failed."]


def test_a_folder_that_cannot_be_written_fails_each_picture_with_a_sentence(run, folder, tmp_path):
    (tmp_path / "file").write_text("mine")
    result = run("explain", folder, "--out", tmp_path / "file", *QUICK)
    assert result.exit_code == 1
    assert result.stderr.count("could not be written") == 2
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--steps", "1001"), "'1001' must be a whole number between 1 and 1000 (or auto: as many as needed)."),
        (("--steps", "many"), "'many' must be a whole number"),
        (("--baseline", "pink"), "'pink' is not one of"),
        (("--seed", "1"), "--seed has no effect here: it needs --baseline random."),
        (("--method", "lime", "--steps", "3"), "No such option '--steps'"),
        (("--method", "magic"), "'magic' is not one of"),
        (("--scale", "odds"), "'odds' is not one of"),
    ],
)
def test_wrong_options_are_refused_before_any_work(run, folder, options, sentence, monkeypatch):
    monkeypatch.setattr("explainers.command_line.classifier.load_classifier", pytest.fail)
    method = () if "--method" in options else ("--method", "integrated-gradients")
    result = run("explain", folder, *method, *options)
    assert result.exit_code == 2
    assert sentence in result.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--model", "nonsense"), "There is no classifier called 'nonsense'"),
        (("--target", "unicorn"), "has no class 'unicorn'"),
        (("--target", "ish"), "Did you mean 'goldfish'"),
        (("--target", "100"), "has no class '100'"),
        (("--target", "9" * 5000), "has no class '9"),
        (("--labels", sys.executable), "it isn't in UTF-8"),
        (("--method", "cam", "--scale", "probability"), "explains the logit only"),
        (("--layer", "nowhere"), "has no layer 'nowhere'"),
        (("--target", "3", "--versus", "3"), "Choose two different classes"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_once(run, folder, options, sentence):
    result = run("explain", folder, *options)
    assert result.exit_code == 1
    assert result.stderr.count(sentence) == 1
    assert "Traceback" not in result.output


def test_the_likeliest_class_may_be_compared_with_the_first(run, folder):
    assert run("explain", folder / "noise.png", "--versus", "0", *QUICK).exit_code == 0


def test_a_folder_without_pictures_is_refused(run, tmp_path):
    result = run("explain", tmp_path)
    assert result.exit_code == 2
    assert "There is no picture" in result.stderr


@pytest.mark.parametrize("kind", EXPLAINERS, ids=lambda kind: kind.__name__)
def test_every_setting_of_a_method_is_an_option_with_its_hint(run, kind):
    listed = run("methods", kind.slug())
    assert listed.exit_code == 0
    words = " ".join(listed.stdout.split())
    assert kind.title in words
    for name, knob in kind.knobs().items():
        assert f"--{name.replace('_', '-')}" in words
        assert " ".join(knob.hint.split()) in words


def test_a_terminal_that_lacks_letters_gets_escapes():
    result = CliRunner(charset="latin-1").invoke(main, ["models"])
    assert (result.exit_code, "\\u2193" in result.stdout) == (0, True)


def test_lists_name_all_methods_and_classifiers(run):
    assert [line.split()[0] for line in run("methods").stdout.splitlines()] == [kind.slug() for kind in EXPLAINERS]
    assert "bundled" in [line.split()[0] for line in run("models").stdout.splitlines()]


def test_the_schema_is_printed(run):
    assert json.loads(run("schema").stdout)["title"] == "An explanation saved by Whypixel"


class Told:
    """An experiment whose finding is told beforehand."""

    title = "Told"

    def __init__(self, speaks):
        self.finding = Finding(speaks, "It says so.", "It says so by 3.", "")
        self.numbers = {"measure": 3.0, "undefined": None}

    def __call__(self, explainer, question, explanation):
        return self

    def slug(self):
        return f"told-{self.finding.speaks}"


@pytest.mark.parametrize(
    ("speaks", "fail_under", "code"),
    [
        (("for", "for", "neither"), 0, 0),
        (("for", "for", "neither"), 2, 0),
        (("for", "for", "neither"), 3, 3),
        (("for", "for", "against"), 1, 3),
        (("for", "for", "against"), 0, 0),
        (("neither", "neither", "neither"), 1, 3),
    ],
)
def test_check_ends_with_what_the_experiments_say(run, folder, monkeypatch, speaks, fail_under, code):
    monkeypatch.setattr(CHECK, "EXPERIMENTS", tuple(map(Told, speaks)))
    result = run("check", folder / "noise.png", "--fail-under", fail_under, "--json", *QUICK)
    row = json.loads(result.stdout)
    assert (row["supporting"], row["contradicting"]) == (speaks.count("for"), speaks.count("against"))
    assert row["tests"][f"told-{speaks[0]}"]["numbers"] == {"measure": 3.0, "undefined": None}
    assert result.exit_code == code


def test_check_runs_the_experiments_of_the_trust_page(run, folder, monkeypatch):
    assert [*map(type, CHECK.EXPERIMENTS)] == [Removal, Randomisation, Stability]
    cheap = Removal(steps=4), Randomisation(stages=1, draws=1), Stability(draws=1)
    monkeypatch.setattr(CHECK, "EXPERIMENTS", cheap)
    result = run("check", folder / "below", "--json", *QUICK)
    assert result.exit_code == 0, result.output
    tests = json.loads(result.stdout)["tests"]
    assert [*tests] == [experiment.slug() for experiment in cheap]
    assert all(test["sentence"] and test["numbers"] for test in tests.values())


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to another process")
def test_an_interruption_of_the_import_is_told_in_a_line():
    process = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "explainers", "models"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr
    while not process.stderr.readline().rstrip().endswith(" torch._C"):  # of the seconds of imports, the first tenth
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors.endswith("Interrupted.\n")
    assert "Traceback" not in errors
    assert not printed


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to another process")
def test_an_interruption_leaves_whole_maps_only(folder, tmp_path):
    command = ["explain", *[folder] * 30, "--out", tmp_path / "out", "--method", "integrated-gradients"]
    process = subprocess.Popen(
        [sys.executable, "-m", "explainers", *map(str, command), "--steps", "30"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    process.stdout.readline()  # the first map is there
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors.endswith("Interrupted.\n")
    assert 1 <= len([*(tmp_path / "out").iterdir()]) < 60
    for saved in (tmp_path / "out").iterdir():
        explainers.load(saved)
