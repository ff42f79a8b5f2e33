"""The Models page: the list of classifiers, and a file of the visitor's own from the drop to the other pages."""

import io

import pytest
import timm
import torch
from streamlit.runtime.uploaded_file_manager import DeletedFile
from torch import nn

from explainers.classifiers.own.storage import STORAGE
from pages.sections.models import own, upload
from pages.sections.models.upload import Upload, end_visit
from pages.shared import state
from pages.shared.own_classifiers import MISSING

MODELS = "pages/models.py"


@pytest.fixture(autouse=True)
def _nothing_left():
    yield
    STORAGE.close()
    assert not any(upload._UNREAD.values())


def saved(content):
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


@pytest.fixture(scope="module")
def pets():
    """The file of a small network of three classes."""
    torch.manual_seed(0)
    return saved(
        {
            "state_dict": {
                f"module.{k}": v for k, v in timm.create_model("test_resnet", num_classes=3).state_dict().items()
            }
        }
    )


@pytest.fixture
def models(visit):
    """(**address) -> the Models page."""

    def make(**address):
        at = visit({"method": "vanilla-gradient", **address}, MODELS)
        assert not at.exception
        return at

    return make


def drop(at, data, name="pets.pth"):
    (key,) = (zone.key for zone in at.file_uploader if zone.key.startswith("model-") and zone.key[6:].isdecimal())
    at.file_uploader(key=key).upload(name, data, "application/octet-stream")
    at.run()
    assert not at.exception
    return at


def press(at, key):
    at.button(key=key).click().run()
    assert not at.exception
    return at


def widget(at, kind, name):
    """The widget of an answer; its key tells which file it is about."""
    (found,) = (each for each in getattr(at, kind) if each.key and each.key.endswith(f"-{name}"))
    return found


def said(at):
    return "\n".join(text.value.replace("\\", "") for text in (*at.markdown, *at.caption, *at.error, *at.warning))


def rows(at):
    return [button.key.removeprefix("use-") for button in at.button if button.key.startswith("use-")]


class TestList:
    def test_it_begins_with_those_of_the_menu_and_can_show_more(self, models):
        at = models()
        assert rows(at)[:3] == ["efficientnet_lite0", "bundled", "resnet18"]
        assert "75.1% top-1 · 18 MB · 224 px · Apache-2.0" in said(at)
        count = len(rows(at))
        assert len(rows(press(at, "show-more"))) > count

    def test_a_search_finds_what_the_libraries_publish(self, models):
        at = models(find="vit tiny 384")
        assert rows(at)
        assert all("vit" in name and "tiny" in name and "384" in name for name in rows(at))
        at = models(find="no such thing")
        assert rows(at) == []
        assert "No classifier matches. You could search" in said(at)

    def test_it_can_be_narrowed_to_where_they_come_from(self, models):
        assert rows(models(**{"from": "bundled"})) == ["efficientnet_lite0", "bundled"]
        assert "You haven't added any yet" in said(models(**{"from": "own"}))

    def test_one_click_explains_with_it(self, models):
        at = press(models(classifier="efficientnet_lite0"), "use-bundled")
        assert here(at) == "Explain"
        assert at.query_params.get("classifier") is None  # it is the default in tests
        assert at.selectbox(key="classifier").value == "bundled"
        assert at.selectbox(key="method").value == "vanilla-gradient"


def here(at):
    (mark,) = (text.value for text in at.markdown if text.value.startswith("<span aria-current"))
    return mark.partition(">")[2].partition("<")[0]


class TestOwn:
    def test_a_file_is_recognised_named_previewed_kept_and_explained_on_every_page(self, models, figure, pets):
        at = drop(models(), pets)
        assert "Recognised:" in said(at)
        assert "with 3 classes" in said(at)
        assert "prefix “module.” was taken off" in said(at)
        widget(at, "text_area", "labels").set_value("0: cat\n1: *dog*\n2: hen").run()
        widget(at, "number_input", "size").set_value(64).run()
        widget(at, "text_input", "title").set_value("My pets").run()
        assert {*figure(at, "model-answer")["data"][1]["y"]} == {"cat", "*dog*", "hen"}
        at = press(at, "model-keep")
        assert here(at) == "Explain"
        name = at.query_params["classifier"]
        assert name.startswith("own-")
        assert "pets" not in str(at.query_params)
        assert {*figure(at, "answer")["data"][1]["y"]} == {"cat", "*dog*", "hen"}
        assert at.selectbox(key="classifier").options[-1].startswith("My pets · ")
        at.switch_page("pages/compare.py").run()
        at.session_state["compare-classifier"] = ["bundled", name]
        at.selectbox(key="compare-across").select("classifier").run()
        assert name in at.multiselect(key="compare-classifier").value
        assert not at.exception
        at.switch_page(MODELS).run()
        assert rows(at)[0] == name
        press(at, f"remove-{name}")
        assert name not in rows(at)
        assert STORAGE.taken() == 0
        assert at.query_params.get("classifier") is None
        at.switch_page("pages/compare.py").run()  # whose settings still name it
        assert not at.exception
        assert name not in at.multiselect(key="compare-classifier").value

    def test_one_logit_is_named_for_both_answers(self, models, figure):
        torch.manual_seed(1)
        at = drop(models(), saved(timm.create_model("test_resnet", num_classes=1).state_dict()))
        assert "above zero it says yes, below zero no" in said(at)
        widget(at, "text_input", "yes").set_value("sick").run()
        assert {*figure(at, "model-answer")["data"][1]["y"]} == {"sick", "not sick"}
        widget(at, "text_input", "no").set_value("well").run()
        at = press(at, "model-keep")
        assert {*figure(at, "answer")["data"][1]["y"]} == {"sick", "well"}
        at.switch_page("dashboard.py").run()  # which the page has done for a browser, and not for later runs in a test
        at.selectbox(key="class").select("well").run()
        assert "the logit of **sick** with the opposite sign" in said(at)

    def test_classes_for_themselves_are_said_to_be(self, models, pets):
        at = drop(models(), pets)
        widget(at, "button_group", "output").set_value("sigmoid").run()
        at = press(at, "model-keep")
        assert "Each class is judged for itself" in said(at)

    @pytest.mark.parametrize(
        ("widgets", "sentence"),
        [
            ({"text_area labels": "cat\ndog"}, "There are 2 names for 3 classes."),
            ({"text_area labels": "cat\ncat\ndog"}, "are both called 'cat'"),
            ({"selectbox scaling": "other", "text_input Mean": "0.5, x"}, "need 3 numbers each"),
            ({"number_input resize": 100}, "must have 160 to 640 pixels before the crop, not 100"),
        ],
    )
    def test_an_answer_that_can_not_be_gets_its_sentence_and_nothing_can_be_kept(self, models, pets, widgets, sentence):
        at = drop(models(), pets)
        for name, value in widgets.items():
            widget(at, *name.split()).set_value(value).run()
        assert not at.exception
        assert sentence in said(at)
        assert not any(button.key == "model-keep" for button in at.button)

    @pytest.mark.parametrize(
        ("name", "data", "sentence"),
        [
            ("whole.pth", lambda: saved(nn.Linear(2, 2)), "whole pickled network"),
            ("notes.txt", lambda: b"not weights at all", "notes.txt: "),
            ("unknown.pth", lambda: saved({"x.weight": torch.zeros(3, 5), "x.bias": torch.zeros(3)}), "unknown.pth: "),
            ("empty.pth", lambda: b"", "empty.pth: "),
        ],
    )
    def test_what_is_not_read_gets_its_sentence_and_leaves_the_rest_as_it_was(self, models, name, data, sentence):
        at = drop(models(), data(), name)
        assert sentence in said(at)
        assert STORAGE.taken() == 0
        assert rows(at)[:2] == ["efficientnet_lite0", "bundled"]

    def test_another_file_takes_its_place_and_the_first_is_gone(self, models, pets):
        at = press(drop(models(), pets), "model-another")
        assert STORAGE.taken() == 0
        assert "Add your own" in said(at)

    def test_uploads_can_be_switched_off_and_the_page_says_by_whom(self, models, monkeypatch):
        monkeypatch.setenv("WHYPIXEL_UPLOADS", "off")
        at = models()
        assert not [zone for zone in at.file_uploader if zone.key.startswith("model-")]
        assert "Whoever runs this server has switched uploads off (WHYPIXEL_UPLOADS=off)" in said(at)


class TestVisits:
    def test_what_a_visit_has_brought_is_gone_with_it(self, pets):
        first, unread = (Upload.receive(io.BytesIO(pets), "pets.pth", number, "anna") for number in (1, 2))
        other = Upload.receive(io.BytesIO(pets), "pets.pth", 1, "bert")
        for each in (first, other):
            each.read()
            assert each.file.weights.is_file()
            assert not each.path.exists()
        end_visit("anna")
        assert not first.file.folder.exists()
        assert not unread.path.parent.exists()
        assert other.file.weights.is_file()
        other.discard()
        assert STORAGE.taken() == 0

    def test_a_file_that_is_read_while_its_visit_ends_is_not_kept(self, pets, monkeypatch):
        given = Upload.receive(io.BytesIO(pets), "pets.pth", 1, "anna")
        keep = STORAGE.keep

        def slow(*arguments):
            end_visit("anna")
            return keep(*arguments)

        monkeypatch.setattr(STORAGE, "keep", slow)
        given.read()
        assert not given.file.folder.exists()
        assert STORAGE.taken() == 0

    def test_a_fault_of_our_own_is_loud_and_the_page_goes_on(self, pets, monkeypatch):
        given = Upload.receive(io.BytesIO(pets), "pets.pth", 1, "anna")
        monkeypatch.setattr(STORAGE, "keep", lambda *arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            given.read()
        assert given.is_read
        assert given.refusal == upload.FAILED


@pytest.mark.parametrize("page", ["", "pages/compare.py", "pages/path.py", "pages/trust.py"])
def test_a_link_to_a_classifier_that_is_not_here_says_so_in_place_of_a_result(visit, page):
    name = f"own-{'0' * 32}"
    at = visit({"classifier": name}, page)
    assert not at.exception
    assert [warning.value.replace("\\", "") for warning in at.warning] == [MISSING]
    assert not at.get("plotly_chart")
    assert at.selectbox(key="classifier").value == name
    assert at.query_params["classifier"] == name
    at.selectbox(key="classifier").select_index(1).run()
    assert not at.warning


def test_a_file_that_the_server_does_not_have_changes_nothing(monkeypatch):
    monkeypatch.setattr(state, "widget", lambda key: DeletedFile("gone"))
    monkeypatch.setattr(state, "remember", lambda key, value: pytest.fail("nothing is to be remembered"))
    own._take("model-0")
