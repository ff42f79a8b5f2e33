"""Finding in a run on the disk, and the file of what was found."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from explainers import Classifier, ExplanationError, Saliency
from explainers.audit import findings as module
from explainers.audit.cases.listing import list_cases
from explainers.audit.findings import FINDINGS, OtherFindingsError, find, read_findings, write_findings
from explainers.audit.findings.evidence import read_evidence
from explainers.audit.findings.pictures import RunPictures
from explainers.audit.runs.beginning import planned
from explainers.audit.runs.identity import run_identity
from explainers.audit.runs.run import Run
from explainers.classifiers.offered import offer, withdraw

from .conftest import MARK, NAMES, SIDE, first_cluster


class Corner(nn.Module):
    """The classifier of the world, as a network."""

    def __init__(self, least=0.8):
        super().__init__()
        self.least = nn.Parameter(torch.tensor(least))

    def forward(self, pictures):
        bright = pictures[(slice(None), slice(None), *MARK)].mean((1, 2, 3)) - self.least
        blue = pictures[:, 2].mean((1, 2)) - pictures[:, 0].mean((1, 2)) - 0.1
        return torch.stack([bright * 0, 100 * bright, 10 * blue.clamp(-1, 1)], 1)


def corner(least=0.8):
    return Classifier(
        Corner(least), NAMES.values(), size=(SIDE, SIDE), mean=(0,) * 3, std=(1,) * 3, device="cpu", name="corner"
    )


@pytest.fixture
def classifier():
    source = offer(made := corner())
    yield made
    withdraw(source)


@pytest.fixture
def run(tmp_path, world, classifier):
    """A run of the world's pictures, with none of its parts."""
    for number, (picture, index) in enumerate(zip(world.pictures, world.classes, strict=True)):
        path = tmp_path / "pictures" / f"{index}-{NAMES[index]}" / f"{number:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        levels = (picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy()
        Image.fromarray(levels).save(path)
    listing = list_cases(tmp_path / "pictures")
    return Run.create(tmp_path / "run", planned(listing, classifier, Saliency(), name="corner", part=30), listing.cases)


def row(world, number, **changed):
    evidence = world.evidence
    index = int(world.classes[number])
    return {
        "number": number,
        "label": NAMES[index],
        "label_index": index,
        "prediction": NAMES[index],
        "prediction_index": index,
        "target_index": index,
        "colour_mean": evidence.colours[number, :3],
        "colour_std": evidence.colours[number, 3:],
        "map": evidence.maps[number],
        "description": evidence.descriptions[number],
    } | changed


def write(run, world, parts=None):
    for part in run.missing() if parts is None else parts:
        run.write_part(part, [row(world, number) for number in run.plan.numbers(part)])


def test_a_run_is_searched_and_its_findings_are_kept(run, world):
    write(run, world)
    assert read_findings(run) is None
    stages = []
    found = find(run, on_progress=lambda *stage: stages.append(stage))
    assert stages[0] == ("Clusters", 0, 3)
    assert stages[-1] == ("Layout of all maps", 1, 1)
    assert {*first_cluster(found.findings).pictures} == {*np.flatnonzero(world.marked)}
    assert found.pictures == len(found.embedding) == 120
    write_findings(run, found)
    assert read_findings(run) == found


def test_part_of_a_run_is_searched_too(run, world):
    write(run, world, [1, 3])
    found = find(run)
    assert found.pictures == 60
    assert found.notes[0] == "Only 60 of 120 pictures are there so far, and were looked at."
    assert {number for number, _, _ in found.embedding} == {*range(30, 60), *range(90, 120)}
    assert find(run) == found


def test_a_run_of_no_rows_and_one_of_broken_pictures_say_so(run, world):
    assert "No picture has a map, so nothing was looked for." in find(run).notes
    for part in run.missing():
        run.write_part(part, [{"number": number, "error": "broken"} for number in run.plan.numbers(part)])
    found = find(run)
    assert (found.findings, found.embedding, found.pictures) == ((), (), 120)
    assert found.notes == ("No picture has a map, so nothing was looked for.",)


def test_another_classifier_tests_nothing_and_is_told_of(run, world, classifier):
    write(run, world)
    withdraw(offer(classifier))
    source = offer(corner(0.5))
    try:
        found = find(run)
    finally:
        withdraw(source)
    assert not any(each.reported for each in found.findings)
    assert any("Nothing was tested by changing pictures: corner isn't the classifier" in note for note in found.notes)


def test_pictures_that_changed_or_are_gone_are_not_read(run, world, tmp_path):
    pictures = RunPictures(run)
    assert torch.allclose(pictures.seen(50), world.pictures[50].clamp(0, 1), atol=1 / 255)
    path = tmp_path / "pictures" / run.cases[3].path
    path.unlink()
    assert pictures.seen(3) is None
    Image.new("RGB", (9, 9)).save(stream := io.BytesIO(), "PNG")
    (tmp_path / "pictures" / run.cases[4].path).write_bytes(stream.getvalue())
    assert pictures.seen(4) is None


def test_few_decoded_pictures_are_kept(run, monkeypatch):
    monkeypatch.setattr("explainers.audit.findings.pictures.MAX_KEPT_BYTES", 3 * 3 * SIDE**2 * 4)
    pictures = RunPictures(run)
    for number in range(10):
        pictures.seen(number)
    assert [*pictures._kept] == [7, 8, 9]


def test_answers_are_the_classifiers(run, world):
    assert RunPictures(run).answers(world.pictures).tolist() == world.answers(world.pictures).tolist()


def test_rows_lack_what_they_lack(run, world):
    changed = {
        0: {"description": None, "map": np.zeros(1024, np.float16)},
        1: {"map": None, "description": None},
        2: {"label": None, "label_index": None},
        3: {"map": np.full(1024, np.nan, np.float16)},
        4: {"colour_mean": None},
        5: {"error": "broken"},
    }
    run.write_part(0, [row(world, number, **changed.get(number, {})) for number in range(30)])
    evidence = read_evidence(run)
    assert evidence.numbers.tolist() == [0, 2, 4, *range(6, 30)]
    assert not evidence.has_map[0]
    assert evidence.has_map[1:].all()
    assert evidence.labels[1] == -1
    assert evidence.classes[1] == 0
    assert np.isnan(evidence.colours[2, :3]).all()
    assert (evidence.rows, evidence.names) == (30, {0: "zero"})
    assert find(run).pictures == 30


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'"a"', b"\xff", b"[" * 10**5, b'{"format": "whypixel audit"}'],
    ids=["empty", "cut", "a list", "a text", "not UTF-8", "deep", "another format"],
)
def test_a_strange_file_of_findings_is_refused(run, content):
    (run.folder / FINDINGS).write_bytes(content)
    with pytest.raises(ExplanationError, match="Delete it, and look again"):
        read_findings(run)


def test_findings_of_another_version_or_with_strange_entries_are_refused(run):
    write_findings(run, found := find(run))
    document = json.loads((run.folder / FINDINGS).read_text())
    (run.folder / FINDINGS).write_text(json.dumps(document | {"version": 99}))
    with pytest.raises(ExplanationError, match=r"version 99 of the format; this Whypixel reads \d+\.$"):
        read_findings(run)
    (run.folder / FINDINGS).write_text(json.dumps(document | {"more": 2}))
    with pytest.raises(ExplanationError, match="unknown entry 'more'"):
        read_findings(run)
    write_findings(run, found)
    assert read_findings(run) == found


def test_findings_of_another_run_or_an_earlier_whypixel_are_to_be_made_anew(run):
    found = find(run)
    write_findings(run, replace(found, run="0" * 64))
    with pytest.raises(OtherFindingsError, match="findings of another audit, or of another state of this one"):
        read_findings(run)
    document = json.loads((run.folder / FINDINGS).read_text())
    del document["run"]
    (run.folder / FINDINGS).write_text(json.dumps(document | {"version": 1}))
    with pytest.raises(OtherFindingsError, match="version 1 of the format"):
        read_findings(run)


def test_findings_that_can_not_be_written_are_told_of(run, monkeypatch):
    found = find(run)

    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_whole", full)
    with pytest.raises(ExplanationError, match="could not be written: No space left on device"):
        write_findings(run, found)


def test_findings_of_more_pictures_than_there_are_are_refused(run):
    document = {"format": module.FORMAT, "version": module.VERSION, "pictures": 10**30}
    document["run"] = run_identity(run.plan)
    empty = {name: [] for name in ("findings", "clusters", "embedding", "notes")}
    (run.folder / FINDINGS).write_text(json.dumps(document | empty))
    with pytest.raises(ExplanationError, match="isn't what was found in these pictures"):
        read_findings(run)
