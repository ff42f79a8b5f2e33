"""A place keeps its place: grey while the page is loading, then what fills it."""

import pytest
from streamlit.testing.v1 import AppTest


def filled():
    from pages.shared.place import Place

    place, other = Place(skeleton="10rem"), Place(skeleton="10rem")
    place.fill().text("there")
    place.end()
    other.end()


def grey():
    from pages.shared.place import Place

    Place(skeleton="10rem")


def replaced():
    from pages.shared.place import Place

    for place in (Place(), Place(skeleton="10rem")):
        place.preview().text("a first look")
        place.fill().text("there")


@pytest.mark.parametrize(
    ("script", "greys", "texts"), [(filled, 0, ["there"]), (grey, 1, []), (replaced, 0, ["there"] * 2)]
)
def test_nothing_stays_grey_that_is_filled_or_ended(script, greys, texts):
    at = AppTest.from_function(script).run()
    assert sum("skeleton" in element.value for element in at.markdown) == greys
    assert [text.value for text in at.text] == texts
