"""The heading: where one is, where one can go, where to begin, and presenter mode."""

import pytest

PAGES = {
    "": "Explain",
    "pages/compare.py": "Compare",
    "pages/path.py": "Path",
    "pages/trust.py": "Trust",
    "pages/audit.py": "Audit",
    "pages/reviews.py": "Reviews",
    "pages/models.py": "Models",
    "pages/learn.py": "Learn",
}
BEGIN = "New here? Choose a picture, then a method."


def links(at) -> list[str]:
    """The links of the heading; what a page says may hold others."""
    ours = {*PAGES.values(), "← Back", "Next →"}
    return [link.proto.label for link in at.get("page_link") if link.proto.label in ours]


def here(at) -> list[str]:
    """The pages that are marked as the one that is open."""
    return [text.value for text in at.markdown if text.value.startswith("<span aria-current")]


@pytest.mark.parametrize("page", PAGES)
def test_the_other_pages_are_linked_and_this_one_is_marked(visit, cheap, page):
    at = visit(cheap(), page)
    assert links(at) == [label for label in PAGES.values() if label != PAGES[page]]
    assert here(at) == [f'<span aria-current="page">{PAGES[page]}</span>']


def test_who_has_chosen_nothing_yet_is_told_where_to_begin(visit):
    at = visit()
    assert any(BEGIN in text.value for text in at.markdown)
    at.toggle(key="present").set_value(True).run()
    assert not any(BEGIN in text.value for text in at.markdown)
    assert not any(BEGIN in text.value for text in visit(page="pages/compare.py").markdown)


def test_presenter_mode_leads_to_the_pages_before_and_after_with_all_settings(visit):
    at = visit({"present": "True", "method": "vanilla-gradient"})
    assert not at.exception
    assert at.toggle(key="present").value is True
    assert links(at) == ["Compare", "Path", "Trust", "Audit", "Reviews", "Learn", "Next →"]
    at.switch_page("pages/compare.py").run()
    assert at.toggle(key="present").value is True
    assert links(at) == ["← Back", "Explain", "Path", "Trust", "Audit", "Reviews", "Learn", "Next →"]
    back, *_, onwards = at.get("page_link")
    assert (back.proto.page, onwards.proto.page) == ("", "path")
    for link in (back, onwards):
        assert "present=True" in link.proto.query_string
        assert "method=vanilla-gradient" in link.proto.query_string
    assert not at.exception
    at.toggle(key="present").set_value(False).run()
    assert links(at) == ["Explain", "Path", "Trust", "Audit", "Reviews", "Models", "Learn"]


def test_presenter_mode_leaves_out_the_page_where_classifiers_come_from(visit):
    at = visit({"present": "True"}, "pages/trust.py")
    assert links(at) == ["← Back", "Explain", "Compare", "Path", "Audit", "Reviews", "Learn", "Next →"]
    at.switch_page("pages/models.py").run()
    assert links(at) == ["Explain", "Compare", "Path", "Trust", "Audit", "Reviews", "Learn"]
    assert here(at) == []
