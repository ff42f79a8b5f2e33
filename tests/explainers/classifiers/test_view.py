import numpy as np
import pytest
from PIL import Image

from explainers.classifiers import View


def grey(width, height):
    return Image.new("RGB", (width, height), (90, 90, 90))


@pytest.mark.parametrize(
    ("photo", "view", "box"),
    [
        ((100, 100), View(), (0, 0, 100, 100)),
        ((400, 200), View(), (100, 0, 300, 200)),
        ((200, 400), View(), (0, 100, 200, 300)),
        ((400, 200), View(resize=125), (120, 19.2, 280, 179.2)),  # 250 by 125, less 75 left and 12 above
        ((50, 20), View(), (15, 0, 35, 20)),
        ((400, 200), View(fit="pad"), (0, -100, 400, 300)),
        ((200, 400), View(fit="pad"), (-100, 0, 300, 400)),
        ((50, 25), View(fit="pad", resize=125), (0, -12.5, 50, 37.5)),
    ],
    ids=str,
)
def test_the_box_is_what_one_computes_by_hand(photo, view, box):
    seen, found = view.apply(grey(*photo), (100, 100))
    assert seen.size == (100, 100)
    assert found == pytest.approx(box)


@pytest.mark.parametrize(
    ("photo", "box"),
    [((300, 100), (50, 0, 250, 100)), ((100, 300), (0, 125, 100, 175)), ((200, 100), (0, 0, 200, 100))],
)
def test_the_box_has_the_proportions_of_an_oblong_input(photo, box):
    seen, found = View().apply(grey(*photo), (50, 100))
    assert seen.size == (100, 50)
    assert found == pytest.approx(box)


@pytest.mark.parametrize("fit", ["crop", "pad"])
def test_the_box_lies_where_the_content_is(fit):
    photo = Image.new("RGB", (600, 300))
    photo.paste((255, 255, 255), (310, 120, 370, 180))
    seen, (left, top, right, bottom) = View(fit=fit).apply(photo, (100, 100))
    rows, columns = np.nonzero(np.asarray(seen)[..., 0] > 127)
    across, down = (right - left) / 100, (bottom - top) / 100
    assert left + across * columns.min() == pytest.approx(310, abs=across)
    assert left + across * (columns.max() + 1) == pytest.approx(370, abs=across)
    assert top + down * rows.min() == pytest.approx(120, abs=down)
    assert top + down * (rows.max() + 1) == pytest.approx(180, abs=down)


def test_padding_is_black_and_the_photo_whole():
    seen, _ = View(fit="pad").apply(grey(40, 20), (100, 100))
    rows = np.asarray(seen)[..., 0]
    assert (rows[:25] == 0).all()
    assert (rows[25:75] == 90).all()
    assert (rows[75:] == 0).all()


@pytest.mark.parametrize("fit", ["crop", "pad"])
@pytest.mark.parametrize("size", [(100_000, 1), (1, 100_000), (1, 1), (30_000, 20)])
def test_a_photo_of_extreme_proportions_is_never_blown_up_whole(fit, size):
    seen, (left, top, right, bottom) = View(fit=fit).apply(grey(*size), (100, 100))
    assert seen.size == (100, 100)
    if fit == "crop":
        assert (right - left, bottom - top) == pytest.approx((min(size), min(size)), rel=0.01)
    else:
        assert (right - left, bottom - top) >= size


def test_small_and_large_ways_to_crop_give_the_same_picture(photo, monkeypatch):
    picture, view = photo(640, 420), View(resize=128)
    whole, box = view.apply(picture, (100, 100))
    monkeypatch.setattr("explainers.classifiers.view.MAX_SCALED_PIXELS", 0)
    part, same_box = view.apply(picture, (100, 100))
    assert box == same_box
    assert np.abs(np.asarray(whole, int) - np.asarray(part, int)).max() <= 2


def test_keeps_grey_photos_grey():
    assert View().apply(Image.new("L", (40, 20)), (10, 10))[0].mode == "L"
