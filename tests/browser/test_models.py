"""A classifier of the visitor's own in a real browser: dropped, named, explained on every page, and nobody else's."""

import io
import json
import zipfile

import pytest
import timm
import torch
from torchvision import models

DROP = '.st-key-own-area [data-testid="stFileUploader"] input[type=file]'
BARS = "document.querySelector('.st-key-model-answer .js-plotly-plot')?._fullData?.[1]?.y"


def saved(content):
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def fine_tuned():
    """A ResNet-18 with three classes, as a training program saves it."""
    network = models.resnet18(num_classes=3)
    return saved({"epoch": 3, "state_dict": {f"module.{name}": value for name, value in network.state_dict().items()}})


def transformer():
    return saved(timm.create_model("test_vit", num_classes=4).state_dict())


def one_logit():
    return saved(timm.create_model("test_resnet", num_classes=1).state_dict())


def hugging_face(folder):
    """The zip of a folder that `save_pretrained` makes."""
    transformers = pytest.importorskip("transformers")
    labels = {0: "cat", 1: "dog", 2: "hen"}
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 8], depths=[1, 1], layer_type="basic", id2label=labels
    )
    transformers.ResNetForImageClassification(config).save_pretrained(folder)
    processor = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "size": {"height": 64, "width": 64}, "resample": 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for part in sorted(folder.iterdir()):
            archive.write(part, part.name)
    return file.getvalue()


@pytest.fixture
def drop(app, tmp_path):
    """(name, data) -> the Models page after a file was dropped there."""

    def make(name, data):
        file = tmp_path / name  # which the browser reads itself: to hand it the bytes takes minutes
        file.write_bytes(data)
        app.page.locator(DROP).set_input_files(file)
        return app.until(lambda: app.at("model-keep").count() or app.messages)

    return make


@pytest.fixture
def page(app, cheap):
    torch.manual_seed(0)
    return app.come("models", method="grad-cam", **cheap()).idle().until(lambda: app.page.locator(DROP).count())


def write(app, key, text):
    """Write into a field whose key ends so."""
    field = app.page.locator(f'[class*="{key} "], [class$="{key}"]').locator("input, textarea").first
    field.fill(text)
    field.press("Control+Enter" if field.evaluate("field => field.tagName") == "TEXTAREA" else "Enter")


def keep(app):
    app.at("model-keep").get_by_role("button").click()
    return app.until(lambda: app.chart("map") or app.messages)


def test_a_fine_tuned_head_is_named_and_explained_on_every_page(page, app, drop, visitor):
    drop("pets_*1*.pth", fine_tuned())
    assert app.messages == ""
    assert app.page.get_by_text("pets_*1*.pth", exact=True).count()  # as it is called, and not in italics
    write(app, "-size", "64")
    write(app, "-resize", "64")
    write(app, "-labels", "cat\ndog\nhen")
    app.until(lambda: sorted(app.page.evaluate(BARS) or []) == ["cat", "dog", "hen"])
    keep(app)
    assert app.messages == ""
    assert sorted(app.chart("answer")[1]["y"]) == ["cat", "dog", "hen"]
    name = app.address["classifier"]
    assert name.startswith("own-")
    assert "pets" not in app.page.url
    app.page.get_by_role("link", name="Compare", exact=True).click()
    app.until(lambda: app.at("tiles-maps").count())
    app.page.get_by_role("link", name="Trust", exact=True).click()
    app.until(lambda: app.at("under-test").count() and app.at("under-test").locator(".main-svg").count())
    assert app.messages == ""

    other = visitor().come("models").idle()
    other.until(lambda: rows(other))
    assert not any(row.startswith("own-") for row in rows(other))
    other.come("", classifier=name).idle().until(lambda: other.messages)
    assert "an uploaded classifier that isn't here" in other.messages
    assert other.chart("map") == []


def rows(app):
    """The names of the classifiers in the list."""
    return app.page.eval_on_selector_all(
        '[class*="st-key-use-"]', "found => found.map(each => /st-key-use-(\\S+)/.exec(each.className)[1])"
    )


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [("tiny.pth", transformer, "4 classes"), ("hf.zip", hugging_face, "Hugging Face folder")],
)
def test_other_forms_are_recognised_and_explained(page, app, drop, tmp_path, name, make, said):
    drop(name, make(tmp_path / "folder") if make is hugging_face else make())
    assert app.messages == ""
    assert app.page.get_by_text(said).count()
    keep(app)
    assert app.messages == ""
    assert app.chart("map")


def test_evidence_for_no_is_as_good_as_for_yes(page, app, drop):
    drop("sick.pth", one_logit())
    write(app, "-yes", "sick")
    app.until(lambda: sorted(app.page.evaluate(BARS) or []) == ["not sick", "sick"])
    keep(app)
    for label in ("sick", "not sick"):
        app.select("class", label).until(lambda label=label: f"logit of {label}" in app.at("check-area").inner_text())
    assert "with the opposite sign" in app.at("check-area").inner_text()


def test_what_is_not_read_gets_its_sentence_and_leaves_the_rest(page, app, drop):
    drop("whole.pth", saved(torch.nn.Linear(2, 2)))
    assert "whole pickled network" in app.messages
    assert "whole.pth" in app.messages
    app.at("use-bundled").get_by_role("button").click()
    app.until(lambda: app.chart("map"))
    assert app.messages == ""


def test_a_picture_that_the_browser_refuses_hides_no_classifiers(app, tmp_path):
    with (large := tmp_path / "large.png").open("wb") as file:
        file.truncate(21 * 10**6)
    app.come("models", sample="own").idle()
    app.page.locator('.stSidebar [data-testid="stFileUploader"] input[type=file]').set_input_files(large)
    app.page.locator(".stSidebar .stFileChip[aria-invalid]").wait_for()
    assert app.at("catalogue").is_visible()
