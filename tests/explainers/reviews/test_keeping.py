"""What is kept of a result gives the same picture, and so the same map, again."""

import io
import zipfile
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from explainers import ExplanationError, GradCAM, Target, load
from explainers.figures import Look
from explainers.images.photo import Photo
from explainers.images.samples import SAMPLES
from explainers.question import Question
from explainers.reviews.keeping import files, is_installed, subject
from explainers.reviews.review import BUNDLE, PICTURE, THUMBNAIL, values_digest


def encoded(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.fixture(scope="module")
def noisy(noise):
    return Image.fromarray((noise((90, 70)).permute(1, 2, 0).numpy() * 255).astype(np.uint8))


@pytest.fixture(scope="module")
def explain(conv):
    """(photo) -> an explanation of it."""
    return lambda photo: GradCAM().explain(Question(photo, conv, Target(1)))


@pytest.mark.parametrize("kind", ["jpeg", "deep", "sample"])
def test_the_picture_that_is_kept_has_the_same_pixels_and_gives_the_same_map(noisy, explain, kind):
    deep = Image.fromarray(np.arange(90 * 70, dtype=np.uint16).reshape(90, 70) * 9)
    photo = {
        "jpeg": lambda: Photo.read("cup.jpg", encoded(noisy, "JPEG", quality=60)),
        "deep": lambda: Photo.read("scan.png", encoded(deep, "PNG")),
        "sample": lambda: Photo(
            "Cup of coffee", (read := Photo.read("", SAMPLES[0].data)).image, read.digest, sample="coffee"
        ),
    }[kind]()
    explanation = explain(photo)
    kept = files(explanation, photo, Look.first(explanation))
    again = Photo.read(photo.name, kept[PICTURE])
    assert np.array_equal(again.image, photo.image)
    assert again.levels == photo.levels
    assert values_digest(explain(again)) == values_digest(explanation)
    about = subject(explanation, photo, "explain", {}, {})
    assert is_installed(about) == (kind == "sample")
    assert about.values_digest == values_digest(explanation)
    assert about.picture_digest == photo.digest
    assert len(kept[PICTURE]) < 10**6


def test_the_map_is_kept_as_a_file_and_as_a_thumbnail(noisy, explain, tmp_path):
    photo = Photo.of(noisy.resize((1200, 900)), "cup.jpg")
    explanation = explain(photo)
    kept = files(explanation, photo, Look.first(explanation))
    (tmp_path / "map.zip").write_bytes(kept[BUNDLE])
    assert np.array_equal(load(tmp_path / "map.zip").values, explanation.values)
    with zipfile.ZipFile(BytesIO(kept[BUNDLE])) as archive, Image.open(archive.open("overlay.png")) as overlay:
        assert overlay.size == (1200, 900)
    with Image.open(BytesIO(kept[THUMBNAIL])) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("WEBP", (480, 360))
    assert len(kept[THUMBNAIL]) < 100_000


def test_what_can_be_looked_for_is_the_explanations(noisy, conv, explain):
    photo = Photo.of(noisy, "cup.jpg")
    explanation = explain(photo)
    about = subject(explanation, photo, "trust", {"method": "grad-cam"}, {"clip": 97.0})
    assert (about.method, about.label, about.classifier, about.page) == ("Grad-CAM", "class 1", "conv", "trust")
    assert about.score == explanation.score
    assert about.sentences[0].startswith("Explained: the logit of")
    assert not is_installed(about)


def test_a_tensor_is_not_kept(conv, noise):
    picture = noise(conv.size)
    explanation = GradCAM()(conv, picture, Target(1))
    with pytest.raises(ExplanationError, match="Only pictures can be kept"):
        files(explanation, Photo.of(picture), Look())
