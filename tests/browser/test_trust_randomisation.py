"""Cascading randomisation in a browser: who leaves in the middle ends its work, and the tiles find room."""

import re

from explainers.experiments import Randomisation

LONG = {
    "method": "integrated-gradients",
    "integrated_gradients_steps": 40,
    "cascading_randomisation_stages": 12,
    "cascading_randomisation_draws": 10,
}


def test_leaving_in_the_middle_ends_the_work(app, rest, cheap):
    app.come("trust", **cheap(Randomisation) | LONG)
    app.at("run-cascading-randomisation").get_by_role("button", name="Run (about").click()
    progress = app.page.get_by_test_id("stProgress")
    progress.get_by_text(re.compile(r"Cascading randomisation.*, about \d+ (s|min) left")).wait_for()
    app.page.get_by_role("link", name="Explain").click()
    app.until(lambda: app.heat)
    rest()


def test_the_tiles_wrap_in_a_narrow_window(app, cheap):
    app.sized(400, 900)
    app.come("trust", **cheap(Randomisation), cascading_randomisation_stages=2, randomisation_details=True)
    app.page.wait_for_selector(".st-key-survival .main-svg")
    app.idle()
    assert app.fits_sideways
    boxes = app.boxes("[class*=st-key-map-stage]")
    assert len(boxes) == 5
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 400 for box in boxes)
