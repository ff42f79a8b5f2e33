"""What axe-core finds on the pages."""

import pytest

from pages.shared.heading import PAGES
from tools.screenshots import address

DRAWN = ", ".join(  # by what each page is known
    (".main-svg", ".st-key-reviews", ".st-key-use-bundled", ".st-key-open-one-line", ".st-key-audit")
)
GRAVE = "serious", "critical"


@pytest.fixture(scope="module")
def axe():
    """The checker. It comes with its package, so nothing is downloaded."""
    return pytest.importorskip("axe_playwright_python.sync_playwright").Axe()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_keeps_anybody_out(visitor, axe, cheap, theme):
    app = visitor(viewport={"width": 1280, "height": 720}, color_scheme=theme)
    found = []
    for page in PAGES:
        app.come(address(page), **cheap()).idle()
        app.until(lambda: app.page.locator(DRAWN).count())
        for violation in axe.run(app.page, options={"resultTypes": ["violations"]}).response["violations"]:
            if violation["impact"] in GRAVE:
                found += [(page, violation["id"], node["html"], node["failureSummary"]) for node in violation["nodes"]]
    assert found == []
