"""Slow work, a slow line and no line at all."""

import re

import pytest

LONG = {
    "method": "integrated-gradients",
    "integrated_gradients_steps": 1000,
    "integrated_gradients_baseline": "random",
    "integrated_gradients_draws": 20,
}

PLACES = """
    window.places = {}  // where in its column each figure was seen last, frame by frame
    window.said = ""  // below the preview
    window.together = false  // whether a map was ever beside the preview
    const look = () => {
        const area = document.querySelector(".st-key-preview .main-svg")?.closest(".st-key-preview-area")
        if (area) said = area.innerText  // soon after, the area of the map may hold it
        const column = document.querySelector(".st-key-map-column").getBoundingClientRect()
        const seen = ["preview", "map"].filter(key => {
            const box = document.querySelector(`.st-key-${key}`)?.getBoundingClientRect()
            if (!box?.width) return false
            places[key] = [box.x - column.x, box.y - column.y, box.width, box.height].map(Math.round)
            return true
        })
        together ||= seen.length == 2
        requestAnimationFrame(look)
    }
    look()
"""


def test_a_long_computation_shows_progress_and_stops_when_something_else_is_chosen(app, rest):
    app.come(**LONG)
    progress = app.page.get_by_test_id("stProgress")
    progress.get_by_text(re.compile(r"Integrated Gradients, about \d+ (s|min) left")).wait_for()
    assert app.chart("map") == []
    app.method("Vanilla gradient").until(lambda: app.heat)
    assert "1 pass " in app.proof
    assert progress.count() == 0
    rest()


def test_the_page_is_there_while_the_first_map_is_computed(visitor):
    # What the browser loads late, as most widgets, it shows only when the page rests for a third of a second.
    app = visitor(locale="en-GB").come(**LONG | {"integrated_gradients_seed": 5})  # a browser that has compiled nothing
    app.page.get_by_test_id("stProgress").wait_for()
    app.until(lambda: not app.page.get_by_test_id("stSkeleton").count(), running=True)
    assert app.page.get_by_test_id("stProgress").count()
    app.page.get_by_role("link", name="Compare").click()
    app.until(lambda: "/compare" in app.page.url, running=True)


def test_two_visitors_wait_for_the_same_map_together(app, visitor):
    settings = LONG | {"integrated_gradients_steps": 60, "integrated_gradients_draws": 2}
    apps = [each.come(**settings) for each in (app, visitor())]
    for app in apps:
        app.until(lambda app=app: app.heat)
    assert apps[0].proof == apps[1].proof  # the same seconds, too


def test_a_closed_tab_ends_its_work(visitor, rest):
    app = visitor().come(**LONG | {"integrated_gradients_seed": 1})
    app.page.get_by_test_id("stProgress").wait_for()
    app.page.close()
    rest()


@pytest.mark.parametrize("page", ["", "compare", "path", "trust"])
def test_the_stop_button_ends_the_work_says_so_and_offers_to_start_again(app, rest, page):
    progress, stop = app.page.get_by_test_id("stProgress"), app.page.get_by_role("button", name="Stop")
    settings = LONG | {"integrated_gradients_seed": 2, "path_steps": 512}
    if page:
        app.come(page, **settings)
    else:  # what was shown before must not stay beside another question
        app.open(**settings | {"method": "grad-cam"}).method("Integrated Gradients")
    progress.first.wait_for()
    stop.click()
    app.until(lambda: app.at("stopped").count())
    rest()
    assert progress.count() == 0
    assert app.chart("map") == []
    assert "Stopped." in app.at("stopped").inner_text()
    app.at("start-again").get_by_role("button").click()
    progress.first.wait_for()
    assert app.at("stopped").count() == 0
    stop.click()
    app.until(lambda: app.at("stopped").count())


def test_visitors_are_told_that_they_share_the_machine_and_quick_questions_do_not_wait(app, visitor):
    slow, quick = visitor().come(**LONG | {"integrated_gradients_seed": 3}), app.open()
    progress = slow.page.get_by_test_id("stProgress")
    progress.get_by_text(re.compile(r"Integrated Gradients, about \d+ (s|min) left")).wait_for()
    before = quick.heat
    quick.method("Guided backpropagation").until(lambda: quick.heat != before)
    assert slow.chart("map") == []  # it goes on
    other = visitor().come(**LONG | {"integrated_gradients_seed": 4})
    progress.get_by_text("sharing the machine with 1 other").wait_for()
    other.page.close()
    progress.get_by_text(re.compile(r"Integrated Gradients, about \d+ (s|min) left")).wait_for()


def test_a_first_look_is_marked_and_the_map_takes_its_place(visitor):
    random = {"integrated_gradients_baseline": "random", "integrated_gradients_draws": 20}
    app = visitor().open(method="grad-cam", **random)  # a page that loads code yet may show no preview in time
    app.page.evaluate(PLACES)
    app.method("Integrated Gradients").until(lambda: app.chart("map") and "points on the path" in app.proof)
    assert "A preview after 340 passes. The map's expected error is about " in app.page.evaluate("said")
    assert app.page.evaluate("together") is False  # nor with the map of the method before
    assert app.at("preview").count() == 0
    app.until(lambda: app.page.evaluate("places.map") == app.page.evaluate("places.preview"))


def test_a_choice_made_before_the_address_of_the_last_one_arrived_undoes_nothing(visitor):
    app, held, sockets, holding = visitor(), [], [], False

    def between(page_side):
        sockets.append(page_side)
        server_side = page_side.connect_to_server()
        page_side.on_message(lambda message: server_side.send(message))
        server_side.on_message(lambda message: (held.append if holding else page_side.send)(message))

    app.page.route_web_socket(re.compile("/_stcore/stream"), between)
    app.open()
    holding = True
    app.choose("sample", "Chelsea the cat")
    while not any(b"sample=chelsea" in message for message in held):
        app.page.wait_for_timeout(20)
    app.choose("scale", "probability")
    holding = False
    for message in held:
        sockets[-1].send(message)
    app.until(lambda: "probability" in app.proof)
    assert "tabby" in app.proof
    assert app.address == {"sample": "chelsea", "scale": "probability"}


def test_weights_that_can_not_be_downloaded_are_said_and_the_bundled_classifier_answers(app):
    before = app.open().heat
    app.select("classifier", "ResNet-50").until(lambda: app.messages)
    assert "could not be downloaded" in app.messages
    assert "ResNet-50" in app.messages
    assert app.heat == before
    assert "PocketNet" in app.proof
    assert app.address == {"classifier": "resnet50"}
    app.method("Vanilla gradient").until(lambda: app.heat != before)
    assert app.messages.count("could not be downloaded") == 1
    app.at("try-again").get_by_role("button").click()
    app.idle().until(lambda: "could not be downloaded" in app.messages)
    app.select("classifier", "PocketNet").until(lambda: not app.messages)
    assert app.at("try-again").count() == 0


def test_quick_clicks_end_where_the_last_one_went(app):
    app.open()
    for name in ("Your own picture", "Chelsea", "Grace Hopper", "Cup of coffee", "Chelsea"):
        app.choose("sample", name)
    app.until(lambda: app.address == {"sample": "chelsea"} and "tabby" in app.proof)
    assert app.address == {"sample": "chelsea"}
