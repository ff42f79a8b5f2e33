"""An audit in a browser: opened, a line drawn around points, a cluster, a picture explained and back, a note, files."""

import csv
import io
import os
from pathlib import Path

import pytest

from tools.made_run import made_run

TILES = ".st-key-picture-tiles"
NARROW, SMALL = {"width": 400, "height": 800}, {"width": 1280, "height": 720}


@pytest.fixture(scope="module")
def run(server, tmp_path_factory):
    """A run in the folder whose audits the server shows."""
    folder = Path(os.environ["WHYPIXEL_RUNS"])
    return made_run(folder / "browsed", tmp_path_factory.mktemp("pictures"), 200)


@pytest.fixture
def audit(app, run):
    """(**address) -> the page with that run."""

    def come(visitor=app, **address):
        visitor.come("audit", run=run.folder.name, **address).idle()
        return visitor.until(lambda: pictures(visitor))

    return come


def pictures(app):
    """The numbers of the pictures that are shown."""
    return [int(text.partition(":")[0]) for text in app.page.locator(f"{TILES} [role=radio]").all_inner_texts()]


def heading(app):
    return app.at("pictures-line").inner_text()


def test_a_line_around_points_a_cluster_a_picture_and_back(audit, run):
    app = audit()
    app.choose("audit-view", "All maps").until(lambda: app.at("maps-in-plane").locator(".nsewdrag").count())
    place = app.at("maps-in-plane").locator(".nsewdrag").first.bounding_box()
    left, top, right, bottom = (
        place["x"] + 2,
        place["y"] + 2,
        place["x"] + place["width"] - 2,
        place["y"] + 0.5 * place["height"],
    )
    app.page.mouse.move(left, top)
    app.page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
        app.page.mouse.move(x, y, steps=4)
    app.page.mouse.up()
    app.until(lambda: "inside your line" in heading(app))
    rows = [run.row(number) for number in pictures(app)]
    assert rows
    assert all(row["peak_y"] > 0.6 for row in rows)  # the marks' maps, which lie above in the plane
    assert "lasso" in app.address
    app.at("clear-line").get_by_role("button").click()
    app.until(lambda: "lasso" not in app.address and len(pictures(app)) == 24)

    app.choose("audit-view", "Clusters").until(lambda: app.at("cluster-tiles").count())
    app.page.get_by_role("radio", name="teapot, cluster 2").click()
    app.until(lambda: "in cluster 2 of teapot" in heading(app))
    before, kept = pictures(app), app.address
    assert {run.row(number)["label"] for number in before} == {"teapot"}
    app.page.locator(f"{TILES} [role=radio]").first.click()
    app.until(lambda: app.heat)
    assert app.address["method"] == "integrated-gradients"
    assert app.address["class"] == "teapot"
    assert app.at("map").is_visible()
    app.page.get_by_role("link", name="← Back to the audit").click()
    app.until(lambda: pictures(app) == before)
    assert app.address == kept
    app.page.locator(f"{TILES} [role=radio]").first.click()
    app.until(lambda: app.heat)
    app.page.go_back()  # the browser's own button leads there, too
    app.until(lambda: pictures(app) == before)


def test_a_note_stays_and_the_files_hold_it(audit, run):
    app = audit()
    app.at("look-at-finding-0").get_by_role("button").click()
    app.until(lambda: app.at("add-audit-note").count())
    app.page.get_by_text("Add a note").click()
    form = app.at("add-audit-note")
    form.locator("textarea").fill("It is the mark.")
    form.locator("input[type=text]").last.fill("Anna")
    form.get_by_role("button", name="Add", exact=True).click()
    app.until(lambda: app.at("audit-notes").get_by_text("It is the mark.").count())
    app.page.reload()
    app.until(lambda: app.at("audit-notes").get_by_text("It is the mark.").count())
    with app.page.expect_download() as download:
        app.at("audit-report").get_by_role("button").click()
    report = Path(download.value.path()).read_text("utf-8")
    assert "A corner that decides" in report
    assert "It is the mark." in report
    with app.page.expect_download() as download:
        app.at("audit-csv").get_by_role("button").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8"))))
    assert {row["label"] for row in rows} == {"teapot"}


def test_no_view_keeps_anybody_out_and_all_fit_a_narrow_window(app, audit, barriers):
    app.sized(**SMALL)
    found = {}
    for view in ("findings", "maps", "clusters", "confusion"):
        audit(audit_view=view, measure="gap")
        found[view] = barriers(app, "light", "dark")
        app.sized(**NARROW).page.wait_for_timeout(200)
        assert app.fits_sideways, view
        app.sized(**SMALL)
    assert not any(found.values()), found
