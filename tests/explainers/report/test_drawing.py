"""A drawing is the same as SVG and as PNG, and no text of a stranger's breaks it."""

import io
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from explainers.report.drawing import SCALE, Drawing, Line, Picture, Text, drawable, fitted, png, svg, wrapped

HOSTILE = "</text><script>alert(1)</script>&amp;\x00\x08\x1b]0;\n\ud800\ufffe\u202egnp\u2028\"'"
TAG = "{http://www.w3.org/2000/svg}"


def drawing(*parts, size=(100.0, 60.0)):
    return Drawing(size, parts, HOSTILE)


def pixels(given):
    with Image.open(io.BytesIO(png(given))) as image:
        return np.asarray(image).astype(int)


def test_a_strangers_text_stays_text():
    given = drawing(Text((10, 20), HOSTILE, bold=True))
    root = ElementTree.fromstring(svg(given))
    kinds = {element.tag.removeprefix(TAG) for element in root.iter()}
    assert kinds == {"svg", "title", "rect", "text"}
    (text,) = root.iter(f"{TAG}text")
    assert text.text == drawable(HOSTILE)
    assert text.text.startswith("</text><script>alert(1)</script>&amp; ")
    assert "\u202e" not in text.text
    assert pixels(given).min() < 100


def test_parts_lie_in_the_png_where_the_svg_has_them():
    red = Image.new("RGB", (20, 10), "red")
    given = drawing(
        Picture((30, 40), red), Line([(0, 10), (100, 10)], "#0000ff", 2), Text((100, 30), "|", anchor="end")
    )
    shown = pixels(given)
    assert shown.shape == (60 * SCALE, 100 * SCALE, 3)
    assert (shown[80:90, 60:80] == [255, 0, 0]).all()
    assert (shown[20, 10:190] == [0, 0, 255]).all()
    assert (shown[45:60, 180:] < 128).any()
    root = ElementTree.fromstring(svg(given))
    (image,) = root.iter(f"{TAG}image")
    assert [image.get(name) for name in ("x", "y", "width", "height")] == ["30", "40", "10", "5"]
    assert image.get("href").startswith("data:image/jpeg;base64,")


def test_a_dashed_line_has_gaps():
    row = pixels(drawing(Line([(0, 10), (50, 10), (100, 10)], "#000000", 2, dashed=True)))[20, :, 0] < 128
    assert 0.4 < row.mean() < 0.7
    assert np.abs(np.diff(row.astype(int))).sum() > 15


@pytest.mark.parametrize("text", ["many words that do not fit into one line of this width", "x" * 200, "", "  a \n b "])
def test_wrapped_text_loses_no_letter(text):
    lines = wrapped(text, 100, 12)
    assert "".join(lines).replace(" ", "") == "".join(text.split())
    assert all(lines)


def test_what_does_not_fit_ends_in_an_ellipsis():
    lines = wrapped("word " * 1000, 100, 12, most=3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")


def test_small_pixels_stay_squares():
    board = Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8))
    assert set(np.unique(fitted(board, 50, 100))) == {0, 255}
    assert fitted(board, 50, 100).size == (100, 100)
