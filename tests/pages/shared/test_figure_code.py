"""The code that draws figures is fetched by pages that have figures."""

import pytest

from pages.shared.figure_code import PATTERN, STATIC


def fetches(at) -> list[str]:
    return [html.proto.body for html in at.get("html") if "import(" in html.proto.body]


@pytest.mark.parametrize("page", ["", "pages/path.py"])
def test_a_page_has_the_one_file_of_figures_fetched(visit, cheap, page):
    (file,) = STATIC.glob(PATTERN)
    (script,) = fetches(visit(cheap(), page))
    assert f'import("./static/js/{file.name}")' in script


def test_a_page_without_figures_fetches_nothing(visit):
    assert fetches(visit(page="pages/reviews.py")) == []
