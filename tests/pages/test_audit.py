"""An audit is opened, looked through, noted on, and a picture of it explained as it was."""

import shutil
from dataclasses import replace

import pytest

from explainers import load_classifier
from explainers.audit.findings import read_findings, write_findings
from explainers.audit.runs.columns import UNKNOWN
from explainers.audit.runs.identity import run_identity
from explainers.audit.runs.run import Run
from explainers.audit.runs.shelf import VARIABLE
from explainers.classifiers import BUNDLED
from tools.made_run import INDEX, made_run

AUDIT = "pages/audit.py"
TEAPOT, ESPRESSO = INDEX["teapot"], INDEX["espresso"]


@pytest.fixture(autouse=True)
def _own_board(monkeypatch, tmp_path):
    monkeypatch.setenv("WHYPIXEL_DB", str(tmp_path / "board/reviews.sqlite"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with a whole run, of the classifier that tests have, and one that goes on."""
    folder = tmp_path_factory.mktemp("runs")
    made = made_run(folder / "made", folder / "pictures", 120)
    plan = replace(made.plan, identity=load_classifier(BUNDLED).identity)
    whole = Run.create(folder / "runs/whole *run*", plan, made.cases)
    for part in range(plan.parts):
        whole.write_part(part, [made.row(number) for number in plan.numbers(part)])
    write_findings(whole, replace(read_findings(made), run=run_identity(plan)))
    made_run(folder / "runs/going on", folder / "other", 40, parts=2, part=8)
    checkpoint = Run.create(folder / "runs/checkpoint", replace(plan, checkpoint="/secret/weights.pth"), made.cases)
    checkpoint.write_part(0, [made.row(number) for number in plan.numbers(0)])
    labelled = Run.create(folder / "runs/labelled", replace(plan, labels=("one", "two")), made.cases)
    labelled.write_part(0, [made.row(number) for number in plan.numbers(0)])
    unlabelled = Run.create(folder / "runs/unlabelled", plan, made.cases)
    unknown = {"label": None, "label_index": UNKNOWN, "correct": None}
    unlabelled.write_part(0, [made.row(number) | unknown for number in plan.numbers(0)])
    write_findings(unlabelled, replace(read_findings(made), run=run_identity(plan)))
    return folder / "runs"


@pytest.fixture
def run_of(runs):
    """The whole run."""
    return Run.open(runs / "whole *run*")


@pytest.fixture
def come(visit, runs, monkeypatch):
    """(**address) -> the page with the whole run."""
    monkeypatch.setenv(VARIABLE, str(runs))

    def make(**address):
        settings = {"run": "whole *run*"} | {key.replace("_", "-"): value for key, value in address.items()}
        return ran(visit(settings, AUDIT))

    return make


def ran(at):
    assert not at.exception
    return at


def press(at, key):
    at.button(key=key).click()
    return ran(at.run())


def said(at):
    texts = (*at.markdown, *at.caption, *at.error, *at.warning, *at.info)
    return "\n".join(text.value for text in texts).replace("\\", "")


def tiles(at, key="picture-tiles"):
    (pills,) = (pills for pills in at.pills if pills.key == key)
    return pills


def shown(at):
    """The numbers of the pictures on the page."""
    return [int(option.partition(":")[0].replace("\\", "")) for option in tiles(at).options]


def choose(at, key, value):
    tiles(at, key).set_value(value)
    return ran(at.run())


def test_without_audits_the_page_says_what_one_is_and_how_to_make_one(visit, monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
    at = ran(visit(page=AUDIT))
    assert "is it always so?" in said(at)
    assert at.code[0].value.startswith("python -m explainers audit ")
    assert VARIABLE in said(at)
    assert not at.selectbox
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nowhere"))
    at = ran(visit(page=AUDIT))
    assert "names no folder that this server can read" in said(at)
    assert str(tmp_path) not in said(at)


def test_where_no_classes_are_known_no_answer_is_right_or_wrong_and_the_page_says_why(come):
    at = come(run="unlabelled", outcome="wrong")
    answers, why = at.segmented_control(key="outcome"), "5 of 5 labels can't be matched to a class of the classifier"
    assert (answers.options, answers.value) == (["All", "Broken"], "all")
    assert why in said(at)
    at = come()
    assert at.segmented_control(key="outcome").options == ["All", "Right", "Wrong", "Broken"]
    assert why not in said(at)


def test_audits_are_listed_and_opened(come, runs):
    at = come(run="")
    names = [text.value.replace("\\", "") for text in at.markdown if text.value.startswith("**")]
    assert sorted(names) == ["**checkpoint**", "**going on**", "**labelled**", "**unlabelled**", "**whole *run***"]
    assert "120 pictures · PocketNet · Integrated Gradients" in said(at)
    assert "16 of 40 pictures" in said(at)
    at = press(at, f"open-audit-{names.index('**whole *run***') + 1}")
    assert at.selectbox(key="run").value == "whole *run*"
    assert shown(at) == [*range(24)]


@pytest.mark.parametrize("name", ["../secret", "/etc", "nowhere", "x" * 5000])
def test_a_stranger_reads_nothing_by_naming_it(come, name):
    at = come(run=name)
    assert "The audit that this link names isn't on this server" in said(at)
    assert any(button.key.startswith("open-audit-") for button in at.button)


def test_a_run_that_is_removed_while_it_is_shown_is_said_to_be_gone(visit, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "runs"))
    for name in ("kept", "removed"):
        made_run(tmp_path / "runs" / name, tmp_path / "pictures", 10)
    at = ran(visit({"run": "removed"}, AUDIT))
    assert shown(at) == [*range(10)]
    shutil.rmtree(tmp_path / "runs/removed")
    at = ran(at.run())
    assert [button.label for button in at.button if button.key.startswith("open-audit-")] == ["Open"]


def test_a_damaged_run_says_so_without_its_place(visit, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "runs"))
    for name in ("old", "damaged"):
        made_run(tmp_path / "runs" / name, tmp_path / "pictures", 10)
    (tmp_path / "runs/damaged/findings.json").write_text("{")
    (tmp_path / "runs/old/manifest.json").write_text('{"format": "whypixel audit", "version": 99}')
    at = ran(visit(page=AUDIT))
    assert "old was written in version 99" in said(at)
    for name in ("damaged", "old"):
        at.selectbox(key="run").select(name)
        at = ran(at.run())
        assert len(at.error) == 1
        assert str(tmp_path) not in said(at)


def test_the_first_screen_says_what_was_asked_and_found(come, run_of):
    at = come()
    assert "PocketNet, Integrated Gradients. Each map explains the class that the picture shows (logit)" in said(at)
    for finding in read_findings(run_of).findings:
        assert finding.title in said(at)
        assert finding.sentence in said(at)
    assert said(at).count("[Found]") == 2
    assert shown(at) == [*range(24)]
    assert "**120 pictures**" in said(at)


def test_pictures_are_paged_filtered_and_sorted(come, run_of):
    at = press(come(), "pictures-next")
    assert shown(at) == [*range(24, 48)]
    at.selectbox(key="shows").select(str(TEAPOT))
    at = ran(at.run())
    assert shown(at) == [*range(0, 120, 5)]  # the first page of them
    at.segmented_control(key="outcome").set_value("wrong")
    at = ran(at.run())
    wrong = [number for number in range(0, 120, 5) if run_of.row(number)["correct"] is False]
    assert shown(at) == wrong
    at.selectbox(key="measure").select("gap")
    at = ran(at.run())
    assert shown(at) == sorted(wrong, key=lambda number: -run_of.row(number)["gap"])
    at.toggle(key="rising").set_value(True)
    at = ran(at.run())
    assert shown(at) == sorted(wrong, key=lambda number: run_of.row(number)["gap"])
    at = press(at, "clear-selection")
    assert shown(at) == [*range(24)]


def test_a_finding_shows_its_pictures(come, run_of):
    at = press(come(), "look-at-finding-0")
    finding = read_findings(run_of).findings[0]
    assert shown(at) == [*finding.pictures][:24]
    assert finding.caveat in said(at)
    assert "of “A corner that decides”" in said(at)
    assert shown(press(at, "all-findings")) == [*range(24)]


def test_clusters_are_tiles_and_one_shows_its_pictures(come, run_of):
    at = come(audit_view="clusters", shows=TEAPOT)
    assert len(tiles(at, "cluster-tiles").options) == 2
    at = choose(at, "cluster-tiles", f"{TEAPOT}.1")
    (assigned,) = (own for label, own in read_findings(run_of).clusters if label == TEAPOT)
    assert shown(at) == [number for number, cluster in assigned if cluster == 1][:24]
    assert "**teapot, cluster 2**" in said(at)
    at = choose(at, "cluster-tiles", None)
    assert len(shown(at)) == 24


def test_wrong_answers_are_tiles_and_a_table(come, run_of):
    at = come(audit_view="confusion")
    assert len(tiles(at, "confused-tiles").options) == 5
    at = choose(at, "confused-tiles", f"{TEAPOT}.{ESPRESSO}")
    assert at.selectbox(key="shows").value == str(TEAPOT)
    assert at.selectbox(key="called").value == str(ESPRESSO)
    assert all(run_of.row(number)["prediction"] == "espresso" for number in shown(at))
    (table,) = (html.proto.body for html in at.get("html") if "<table>" in html.proto.body)
    assert table.count("<th scope=") == 10


def test_a_line_in_the_address_chooses_the_pictures_within(come, run_of, figure):
    at = come(audit_view="maps", lasso="0~5~8~5~8~9~0~9")
    inside = sorted(number for number, x, y in read_findings(run_of).embedding if 0 < x < 8 and 5 < y < 9)
    assert shown(at) == inside[:24]
    assert figure(at, "maps-in-plane")["layout"]["shapes"][0]["path"].startswith("M 0,5")
    assert shown(press(at, "clear-line")) == [*range(24)]


@pytest.mark.parametrize(("run", "first"), [("whole *run*", "class"), ("unlabelled", "prediction")])
def test_points_have_the_colours_of_classes_that_are_known(come, figure, run, first):
    at = come(run=run, audit_view="maps")
    assert at.selectbox(key="coloured-by").value == first
    names = [trace["name"] for trace in figure(at, "maps-in-plane")["data"]]
    assert {"teapot", "espresso"} <= {*names}
    assert len(names) <= 7


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("shows", "evil"),
        ("shows", "999999"),
        ("outcome", "evil"),
        ("finding", "evil"),
        ("cluster", "1.evil"),
        ("cluster", "9" * 5000),
        ("lasso", "1~2"),
        ("lasso", "nan~1~2~3~4~inf"),
        ("lasso", "~".join(["1"] * 1000)),
        ("measure", "evil"),
        ("between", "nan~nan"),
        ("between", "5"),
        ("pictures", "-7"),
        ("audit-view", "evil"),
    ],
)
def test_an_address_that_means_nothing_changes_nothing(come, key, text):
    at = come(**{key: text})
    assert shown(at) == [*range(24)]


@pytest.mark.parametrize("view", ["findings", "maps", "clusters", "confusion"])
def test_every_view_can_be_opened_while_the_run_goes_on(come, view):
    at = come(run="going on", audit_view=view)
    assert "16 of 40 pictures" in at.get("progress")[0].proto.text.replace("\\", "")
    assert "**16 pictures**" in said(at)
    assert shown(at) == [*range(16)]


def test_what_has_come_is_shown_on_a_click_and_nothing_else_changes(come, runs, tmp_path):
    run = Run.open(runs / "going on")
    at = come(run="going on", shows=TEAPOT, audit_view="confusion")
    assert shown(at) == [0, 5, 10, 15]
    whole = made_run(tmp_path / "whole", tmp_path / "pictures", 40, part=8)
    run.write_part(2, [whole.row(number) for number in run.plan.numbers(2)])
    at = ran(at.run())
    assert shown(at) == [0, 5, 10, 15, 20]
    assert at.segmented_control(key="audit-view").value == "confusion"
    run.part_file(2).unlink()


def test_a_picture_is_explained_as_it_was_and_back_is_the_same_place(come, run_of):
    at = come(shows=TEAPOT, outcome="wrong", audit_view="clusters", cluster=f"{TEAPOT}.1")
    number = shown(at)[0]
    at = choose(at, "picture-tiles", str(number))
    (here,) = (text.value for text in at.markdown if text.value.startswith("<span aria-current"))
    assert "Explain" in here
    row = run_of.row(number)
    address = dict(at.query_params)
    assert "integrated-gradients" in address["method"]
    assert at.selectbox(key="class").value == row["label"]
    assert at.selectbox(key="classifier").value == "bundled"
    assert at.selectbox(key="integrated-gradients-baseline").value == "black"
    assert at.slider(key="integrated-gradients-steps").value == 8
    (back,) = (link.proto for link in at.get("page_link") if link.proto.label == "← Back to the audit")
    assert back.page == "audit"
    for setting in ("run=whole", "outcome=wrong", f"shows={TEAPOT}", f"cluster={TEAPOT}.1", "audit-view=clusters"):
        assert setting in back.query_string


def test_pictures_of_audits_leave_room_for_others(come, monkeypatch):
    monkeypatch.setattr("explainers.images.tray.MAX_PHOTOS", 2)
    at = come()
    for number in ("0", "1", "2", "3"):
        at.switch_page(AUDIT)
        at = choose(ran(at.run()), "picture-tiles", number)
        assert not at.error
    assert len(next(pills for pills in at.pills if pills.key == "tray").options) == 2


@pytest.mark.parametrize(
    ("run", "number", "sentence"),
    [
        ("whole *run*", "99", "no picture that can be read"),
        ("going on", "3", "isn't the classifier that the audit was made with"),
        ("checkpoint", "3", "was loaded from a file that only its command named"),
        ("labelled", "3", "have the names of a file that only its command gave"),
    ],
)
def test_what_cant_be_explained_again_says_why(come, run, number, sentence):
    at = choose(come(run=run, pictures=int(number) // 24 + 1), "picture-tiles", number)
    assert sentence in said(at)
    assert len(at.error) == 1
    assert int(number) in shown(at)  # and all else is still there


def test_notes_are_written_seen_by_others_and_removed(come, run_of):
    at = come(finding=read_findings(run_of).findings[0].id)
    assert "Anybody who can open this dashboard can see it" in said(at)
    at = note(at, tags=["shortcut", "<b>mine</b>"], text="It is the *mark*.", name="Anna")
    assert "[shortcut]" in said(at)
    other = come(finding=read_findings(run_of).findings[0].id)
    assert "> It is the *mark*." in said(other)
    assert "<b>mine</b>" in said(other)
    assert "1 note · **shortcut** · **<b>mine</b>**" in said(come())
    other = note(other, text="", name="Bert")
    assert "Write a note, or choose a tag." in said(other)
    at = press(other, "remove-notes-now")
    assert "It is the *mark*." not in said(at)


def note(at, tags=(), text="", name=""):
    (submit,) = (button for button in at.button if (button.key or "").startswith("audit-note-submit-"))
    number = submit.key.rpartition("-")[2]
    at.multiselect(key=f"audit-note-tags-{number}").set_value([*tags])
    at.text_area(key=f"audit-note-note-{number}").set_value(text)
    at.text_input(key=f"audit-note-name-{number}").set_value(name)
    submit.click()
    return ran(at.run())


def test_notes_on_clusters_stay_with_their_pictures(come, run_of):
    at = note(come(audit_view="clusters", cluster=f"{TEAPOT}.1"), text="They are marked.", name="Anna")
    assert "They are marked." in said(at)
    found = read_findings(run_of)
    swapped = tuple((label, tuple((each, 1 - own) for each, own in assigned)) for label, assigned in found.clusters)
    write_findings(run_of, replace(found, clusters=swapped))  # as another search may number them
    try:
        assert "They are marked." not in said(come(audit_view="clusters", cluster=f"{TEAPOT}.1"))
        assert "They are marked." in said(come(audit_view="clusters", cluster=f"{TEAPOT}.0"))
        write_findings(run_of, replace(found, clusters=()))
        at = come()
        assert "**About an earlier cluster of teapot**" in said(at)
        assert "They are marked." in said(at)
        assert "They are marked." not in said(press(at, "remove-earlier-notes-0-now"))
    finally:
        write_findings(run_of, found)


def test_what_was_found_in_another_run_is_not_shown(come, run_of):
    found = read_findings(run_of)
    write_findings(run_of, replace(found, run="0" * 64))
    try:
        at = come()
        assert "of another state of this one. The same audit command looks again." in said(at)
        assert "haven't been searched" not in said(at)
        assert found.findings[0].title not in said(at)
        assert shown(at) == [*range(24)]
    finally:
        write_findings(run_of, found)


def test_without_a_board_there_are_no_notes(come, run_of, monkeypatch):
    monkeypatch.setenv("WHYPIXEL_DB", "off")
    at = come(finding=read_findings(run_of).findings[0].id)
    assert "Notes" not in said(at)
    assert not at.text_area


def test_the_report_and_the_table_can_be_saved(come):
    keys = [button.proto.id.rpartition("-None-")[2] or button.proto.id for button in come().get("download_button")]
    assert [key.rpartition("audit-")[2] for key in keys] == ["report", "csv"]
