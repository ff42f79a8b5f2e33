"""A result is kept on the review board, found there, discussed, and opened again as it was."""

import ast
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explainers import ExplanationError
from explainers.reviews import board as boards
from explainers.reviews.location import location
from explainers.reviews.review import PICTURE, Opinion, Wanted
from pages.sections.reviews import several
from pages.shared import keep as keeping
from pages.shared import sharing

ROOT = Path(__file__).parents[2]
REVIEWS = "pages/reviews.py"
FULL = "The disk that the review board is on is full."


@pytest.fixture(autouse=True)
def _own_board(monkeypatch, tmp_path):
    monkeypatch.setenv("WHYPIXEL_DB", str(tmp_path / "board/reviews.sqlite"))


@pytest.fixture
def board():
    """The board of this test."""
    return boards.board(location())


@pytest.fixture
def come(visit, cheap):
    """(page="", **address) -> a page, by default about the vanilla gradient."""

    def make(page="", **address):
        chosen = {"method": "vanilla-gradient"} | {key.replace("_", "-"): value for key, value in address.items()}
        return run(visit(cheap() | chosen, page))

    return make


@pytest.fixture
def upload(noise):
    """(at) -> the page after an upload of a picture that no sample is."""
    pixels = (noise((60, 80)).permute(1, 2, 0).numpy() * 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")

    def make(at):
        run(at.pills(key="sample").set_value("own"))
        return run(at.file_uploader[0].set_value(("my *cup*.jpg", file.getvalue(), "image/jpeg")))

    return make


def fail(*arguments):
    raise ExplanationError(FULL)


def run(given):
    """The page after a run that it, or a widget, started."""
    at = given.run()
    assert not at.exception
    return at


def press(at, key):
    at.button(key=key).click()
    return run(at)


def judge(at, form="keep", verdict="wrong-reason", name="Anna", note="It is the *spoon*."):
    """The page after its form was filled in and sent."""
    (submit,) = (button for button in at.button if (button.key or "").startswith(f"{form}-submit-"))
    number = submit.key.rpartition("-")[2]
    if verdict:
        at.pills(key=f"{form}-verdict-{number}").set_value(verdict)
    at.text_input(key=f"{form}-name-{number}").set_value(name)
    at.text_area(key=f"{form}-note-{number}").set_value(note)
    submit.click()
    return run(at)


def said(at):
    texts = (*at.markdown, *at.caption, *at.error, *at.warning, *at.info)
    return "\n".join(text.value for text in texts).replace("\\", "")


def here(at):
    (mark,) = (text.value for text in at.markdown if text.value.startswith("<span aria-current"))
    return mark.partition(">")[2].partition("<")[0]


def kept(board):
    return board.find(Wanted()).reviews


def cards(at):
    return [button.key.removeprefix("open-") for button in at.button if (button.key or "").startswith("open-")]


def test_before_anything_is_kept_the_page_says_what_it_is_for_and_makes_nothing(come, tmp_path):
    at = come(REVIEWS)
    assert here(at) == "Reviews"
    assert "Nothing has been kept yet." in at.info[0].value
    assert "Anybody who can open this dashboard can see these reviews" in said(at)
    assert not (tmp_path / "board").exists()


def test_the_form_says_who_will_see_it_and_what_is_missing(come, board):
    at = come()
    assert keeping.WHO_SEES_IT in said(at)
    assert "Choose a verdict" in said(judge(at, verdict=None))
    at = judge(at, name=" ")
    assert "Write your name" in said(at)
    assert "Choose a verdict" not in said(at)
    assert kept(board) == ()
    assert at.text_area(key="keep-note-0").value == "It is the *spoon*."  # nothing that was written is lost


@pytest.mark.parametrize(("page", "name"), [("", "explain"), ("pages/trust.py", "trust"), ("pages/path.py", "path")])
def test_a_result_is_kept_once_and_opened_again_bit_for_bit(come, upload, board, figure, page, name):
    settings = {"integrated_gradients_steps": 6, "integrated_gradients_baseline": "random", "class": "teapot"}
    at = come("", method="integrated-gradients", scale="probability", path_pictures=2, **settings)
    if name != "path":  # where another picture takes seconds
        at = upload(at)
    if page:
        at.switch_page(page)
        at = run(at)
    chart = {"explain": "map", "trust": "tried", "path": "journey"}[name]
    before = figure(at, chart)
    address = dict(at.query_params)
    at = judge(at)
    assert "**Kept.**" in said(at)
    assert not any((button.key or "").startswith("keep-submit") for button in at.button)
    (review,) = kept(board)
    assert (review.subject.page, review.subject.label) == (name, "teapot")
    assert review.latest.opinion == Opinion("wrong-reason", "Anna", "It is the *spoon*.")
    at = come(REVIEWS)  # another visitor
    assert "my *cup*.jpg" not in str(at.query_params)
    assert "by **Anna" not in said(at)
    at = press(at, f"open-{review.id}")
    assert here(at).lower() == name
    assert keeping.SAME.format(name="Anna") in said(at)
    for old, new in zip(before["data"], figure(at, chart)["data"], strict=True):
        if "z" in old:
            assert np.array_equal(old["z"], new["z"])
    assert {key: at.query_params[key] for key in address if key != "photo"} == {
        key: value for key, value in address.items() if key != "photo"
    }


def test_how_the_map_was_drawn_comes_back_and_a_change_ends_the_claim_that_it_is_the_same(come, board):
    at = come()
    at.selectbox(key="colours-unsigned").select("viridis")
    at.slider(key="clip").set_value(97.5)
    at.selectbox(key="overlay").select("picture on map")
    at.selectbox(key="channels-vanilla-gradient").select("largest")
    at = judge(run(at))
    (review,) = kept(board)
    at = press(come(REVIEWS), f"open-{review.id}")
    assert at.selectbox(key="colours-unsigned").value == "viridis"
    assert at.slider(key="clip").value == 97.5
    assert at.selectbox(key="overlay").value == "picture on map"
    assert at.selectbox(key="channels-vanilla-gradient").value == "largest"
    assert keeping.SAME.format(name="Anna") in said(at)
    at.switch_page("dashboard.py")  # which the page has done for a browser, and not for later runs in a test
    at.selectbox(key="class").select("teapot")
    at = run(at)
    assert keeping.SAME.format(name="Anna") not in said(at)


def test_chosen_levels_come_back_and_presenter_mode_stays(come, board):
    deep, file = np.arange(60 * 80, dtype=np.uint16).reshape(60, 80) * 9, io.BytesIO()
    Image.fromarray(deep).save(file, "PNG")
    at = run(come().pills(key="sample").set_value("own"))
    at = run(at.file_uploader[0].set_value(("scan.png", file.getvalue(), "image/png")))
    at = judge(run(at.selectbox(key="levels").select("type")))
    (review,) = kept(board)
    assert board.file(review.id, PICTURE) == file.getvalue()
    at = press(come(REVIEWS, present=True), f"open-{review.id}")
    assert at.selectbox(key="levels").value == "type"
    assert at.toggle(key="present").value is True
    assert keeping.SAME.format(name="Anna") in said(at)


def test_a_picture_that_is_there_is_opened_again_without_a_copy(come, upload, board):
    at = judge(upload(come()))
    (review,) = kept(board)
    at.switch_page(REVIEWS)
    at = press(run(at), f"open-{review.id}")
    assert keeping.SAME.format(name="Anna") in said(at)
    assert "tray" not in [pills.key for pills in at.pills]  # which is there for several pictures


def test_a_result_that_comes_out_otherwise_is_said_to(come, board, monkeypatch):
    judge(come())
    (review,) = kept(board)
    at = come(REVIEWS)
    monkeypatch.setattr(keeping, "values_digest", lambda explanation: "another")
    assert keeping.DIFFERENT.format(name="Anna") in said(press(at, f"open-{review.id}"))


def test_one_map_of_a_comparison_is_kept_and_the_comparison_opened(come, board):
    at = come("pages/compare.py", compare_method="vanilla-gradient~grad-cam", sample="chelsea")
    _, second = at.selectbox(key="keep-map").options
    at.selectbox(key="keep-map").select(second)
    at = judge(run(at), verdict="sensible")
    assert "**Kept.**" in said(at)
    (review,) = kept(board)
    assert (review.subject.method, review.subject.page) == ("Grad-CAM", "compare")
    at = press(come(REVIEWS), f"open-{review.id}")
    assert here(at) == "Compare"
    assert at.multiselect(key="compare-method").value == ["vanilla-gradient", "grad-cam"]
    assert at.query_params["sample"] == "chelsea"
    assert keeping.SAME.format(name="Anna") in said(at)


def test_what_a_visit_has_of_its_own_is_not_kept(come, upload, board, monkeypatch):
    at = upload(come(present=True))
    at = press(at, "share")
    token = at.query_params["shared"]
    judge(at)
    (review,) = kept(board)
    assert not {"present", "shared", "photo"} & review.subject.settings.keys()
    assert token not in str(review)
    sharing.SHARED.withdraw(token)


def test_a_picture_that_somebody_else_shares_can_not_be_kept(come, upload):
    at = press(upload(come()), "share")
    other = come(**dict(at.query_params))
    assert keeping.SHARED in said(other)
    assert not any((button.key or "").startswith("keep-submit") for button in other.button)
    sharing.SHARED.withdraw(at.query_params["shared"])


def test_a_result_that_has_changed_since_is_not_kept_under_the_old_verdict(come, board):
    at = come()
    at.selectbox(key="class").select("teapot")  # before the click, and not shown yet
    at = judge(at)
    assert keeping.CHANGED in said(at)
    assert kept(board) == ()


def test_a_database_that_fails_says_so_and_nothing_written_is_lost(come, monkeypatch):
    at = come()
    monkeypatch.setattr(boards.Board, "keep", fail)
    at = judge(at)
    assert FULL in said(at)
    assert at.text_area(key="keep-note-0").value == "It is the *spoon*."
    monkeypatch.undo()


def test_verdicts_are_added_to_a_review_and_it_can_be_removed(come, board, monkeypatch):
    judge(come())
    (review,) = kept(board)
    at = press(come(REVIEWS), f"look-{review.id}")
    assert at.query_params["review"] == review.id
    assert "> It is the *spoon*." in said(at)
    board.say(review.id, Opinion("wrong", "Bert"))  # meanwhile, somewhere else
    at = judge(at, "opinion", "sensible", "Cleo <b>", "$x$ [link](http://example.org)\n# second")
    assert [entry.opinion.name for entry in board.review(review.id).entries] == ["Anna", "Bert", "Cleo <b>"]
    text = "\n".join(markdown.value for markdown in at.markdown)
    assert text.index("Cleo") < text.index("Bert") < text.index("Anna")
    assert "> \\$x\\$ \\[link\\]" in text
    at = press(at, "all-reviews")
    assert cards(at) == [review.id]
    assert "2 earlier verdicts" in said(at)
    at = press(at, f"look-{review.id}")
    assert at.get("download_button")[0].proto.url  # the map is there, whoever removes the review before a click
    with monkeypatch.context() as patch:
        patch.setattr(boards.Board, "remove", fail)
        assert FULL in said(press(at, "remove-it"))
    at = press(at, "remove-it")
    assert kept(board) == ()
    assert "Nothing has been kept yet." in said(at)
    at = come(REVIEWS, review=review.id)
    assert boards.GONE in said(at)
    assert cards(press(at, "all-reviews")) == []


def test_a_review_whose_classifier_is_gone_says_so_and_shows_what_was_kept(come, board):
    judge(come())
    (review,) = kept(board)
    gone = replace(review.subject, settings=dict(review.subject.settings) | {"classifier": f"own-{'0' * 32}"})
    files = {name: board.file(review.id, name) for name in (PICTURE, "thumbnail", "bundle")}
    board.keep("b" * 32, gone, files, Opinion("wrong", "Anna"))
    at = come(REVIEWS, review="b" * 32)
    assert "The classifier isn't on this server any more" in said(at)
    assert at.image
    at = press(at, "open-again")
    assert here(at) == "Explain"
    assert "uploaded classifier that isn't here" in said(at)
    assert "The classifier isn't" not in said(come(REVIEWS, review=review.id))


def test_reviews_are_filtered_searched_and_paged(come, board, monkeypatch):
    judge(come())
    (review,) = kept(board)
    files = {name: board.file(review.id, name) for name in (PICTURE, "thumbnail", "bundle")}
    for number, verdict in enumerate(["wrong", "unclear", "sensible"]):
        board.keep(f"{number:032x}", review.subject, files, Opinion(verdict, f"Reviewer {number}", f"Note {number}"))
    monkeypatch.setattr(several, "CARDS", 3)
    at = come(REVIEWS)
    assert len(cards(at)) == 3
    assert "4 reviews, 1 to 3 shown." in said(at)
    at = press(at, "older")
    assert cards(at) == [review.id]
    assert at.query_params["reviews-page"] == "2"
    at.selectbox(key="reviews-verdict").select("wrong")
    at = run(at)
    assert cards(at) == [f"{0:032x}"]
    assert cards(come(REVIEWS, reviews_find="note 2")) == [f"{2:032x}"]
    assert cards(come(REVIEWS, reviews_by="Reviewer 1", reviews_method="nonsense")) == [f"{1:032x}"]
    assert "No review matches." in said(come(REVIEWS, reviews_find="no such thing"))
    assert len(cards(come(REVIEWS, reviews_page=99))) == len(cards(come(REVIEWS, reviews_page="9" * 4000))) == 3
    assert len(cards(come(REVIEWS, reviews_page="-1", reviews_find="x" * 100, review="../x"))) == 3


def test_what_the_filters_leave_is_taken_away(come, board, monkeypatch):
    judge(come())
    judge(come(**{"class": "teapot"}), verdict="wrong", name="Bert")
    files = {}
    monkeypatch.setattr(
        "streamlit.download_button", lambda label, make, name, **more: files.update({name: (make, more["on_click"])})
    )
    come(REVIEWS, reviews_verdict="wrong")
    table, report = (files[name][0]() for name in ("reviews.csv", "reviews.html"))
    assert "Bert" in table
    assert "Anna" not in table
    assert "1 review from Whypixel's review board: with the verdict “Wrong”" in report
    assert report.count("<img ") == 1


@pytest.mark.parametrize("page", ["", "pages/trust.py", REVIEWS])
def test_the_board_can_be_switched_off_and_pages_say_by_whom(come, monkeypatch, page):
    monkeypatch.setenv("WHYPIXEL_DB", "off")
    at = come(page)
    assert keeping.WHO_SEES_IT not in said(at)
    assert ("Whoever runs this server has switched the review board off (WHYPIXEL_DB=off)" in said(at)) == bool(
        page == REVIEWS
    )


def test_a_setting_that_means_nothing_is_said_where_somebody_keeps_or_looks(come, monkeypatch):
    monkeypatch.setenv("WHYPIXEL_DB", "mysql://root:secret@host/reviews")
    for at in (judge(come()), come(REVIEWS)):
        assert "WHYPIXEL_DB must be off, the path of a file" in said(at)
        assert "secret" not in said(at)


def loaded_with(module):
    """What is imported with a module of ours, at once and not when a function is called."""
    found, open_modules = set(), [module]
    while open_modules:
        name = open_modules.pop()
        path = ROOT.joinpath(*name.split(".")).with_suffix(".py")
        if name in found or not path.is_file():
            continue
        found.add(name)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Import):
                open_modules += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                open_modules += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def test_no_other_page_loads_the_database_before_somebody_keeps_something():
    databases = {f"explainers.reviews.{name}" for name in ("board", "database", "migrations", "tables", "keeping")}
    for page in ("explain.result", "compare.keep", "trust.card", "path.saturation"):
        assert not loaded_with(f"pages.sections.{page}") & databases
    assert loaded_with("pages.shared.keep") >= {"explainers.reviews.location", "explainers.reviews.review"}
    assert loaded_with("pages.sections.reviews.one") >= databases - {"explainers.reviews.keeping"}
