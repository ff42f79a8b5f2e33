"""What one clicks on the Explain page shows in the map, in its proof and in the address."""

IG = "integrated-gradients"
HOVERED = "document.querySelector('.st-key-answer .js-plotly-plot')._hoverdata?.[0].y"


def test_the_first_visit_shows_a_finished_map_without_a_click_and_a_double_click_on_a_family_is_a_single_one(app):
    app.open()
    assert [trace["type"] for trace in app.chart("map")] == ["image", "image", "heatmap", "image", "heatmap"]
    assert max(map(max, app.heat)) > 0
    assert app.picture.size == (64, 64)
    assert "espresso" in app.proof
    assert "pass through PocketNet" in app.proof
    assert app.messages == ""
    assert app.address == {}
    before = app.heat
    app.at("family").get_by_role("radio", name="Gradients").dblclick()
    app.until(lambda: app.heat != before)
    assert app.address == {"method": "vanilla-gradient"}


def test_another_sample_changes_all_an_untouched_class_follows_it_and_a_chosen_one_stays(app):
    before = app.open().heat
    assert "espresso" in app.proof
    app.choose("sample", "Chelsea the cat").until(lambda: app.heat != before)
    assert "tabby" in app.proof
    assert app.address == {"sample": "chelsea"}
    assert app.at("class").get_by_role("combobox").input_value() == "top prediction"
    app.select("class", "teapot").until(lambda: "teapot" in app.proof)
    before = app.heat
    app.choose("sample", "Grace Hopper").until(lambda: app.heat != before)
    assert "teapot" in app.proof
    assert app.address == {"sample": "grace_hopper", "class": "teapot"}
    app.select("class", "top prediction").until(lambda: "military uniform" in app.proof)
    assert app.address == {"sample": "grace_hopper"}


def test_a_click_on_a_bar_chooses_its_class(app):
    app.open()
    labels = app.chart("answer")[0]["y"][::-1]
    rows = app.at("answer").locator(".nsewdrag").bounding_box()
    for row in (2, 4):
        at = rows["x"] + 0.8 * rows["width"], rows["y"] + (row + 0.5) / 5 * rows["height"]
        app.page.mouse.move(*at)
        app.until(lambda row=row: app.page.evaluate(HOVERED) == labels[row])
        app.page.mouse.click(*at)
        app.until(lambda row=row: labels[row] in app.proof)
        assert app.address == {"class": labels[row]}


def test_method_and_knob_stand_in_the_address_and_outlive_another_method(app):
    before = app.open().heat
    app.method("Vanilla gradient").until(lambda: app.heat != before)
    assert app.address == {"method": "vanilla-gradient"}
    app.method("Integrated Gradients").until(lambda: "points on the path are enough" in app.proof)
    app.choose(f"{IG}-steps-usual", "50").until(lambda: "52 passes" in app.proof)
    assert app.address == {"method": IG, f"{IG}-steps-automatic": "False"}
    app.slide(f"{IG}-steps", "ArrowLeft", 3).until(lambda: "49 passes" in app.proof)
    assert app.address == {"method": IG, f"{IG}-steps-automatic": "False", f"{IG}-steps": "47"}
    app.method("Vanilla gradient").until(lambda: "1 pass " in app.proof)
    assert app.address == {"method": "vanilla-gradient"}
    app.method("Integrated Gradients").until(lambda: "49 passes" in app.proof)
    assert app.address == {"method": IG, f"{IG}-steps-automatic": "False", f"{IG}-steps": "47"}
    assert app.at(f"{IG}-steps").locator("input[type=range]").input_value() == "47"


def test_back_and_forward_go_through_the_settings(app):
    app.open()
    app.method("Vanilla gradient").until(lambda: "method" in app.address)
    app.choose("sample", "Chelsea").until(lambda: "tabby" in app.proof)
    seen = []
    for go in (app.page.go_back, app.page.go_back, app.page.go_forward, app.page.go_forward):
        before = app.heat
        go()
        app.until(lambda before=before: app.heat != before)
        seen.append(
            (
                app.address,
                app.at("method").get_by_role("combobox").input_value().partition(" · ")[0],
                "tabby" in app.proof,
            )
        )
    assert seen == [
        ({"method": "vanilla-gradient"}, "Vanilla gradient", False),
        ({}, "Grad-CAM", False),
        ({"method": "vanilla-gradient"}, "Vanilla gradient", False),
        ({"method": "vanilla-gradient", "sample": "chelsea"}, "Vanilla gradient", True),
    ]


def test_one_press_of_the_back_button_leads_from_page_to_page(app):
    chosen = {"method": "vanilla-gradient", "sample": "chelsea", "scale": "probability"}
    app.open(**chosen)
    drawn = {"Compare": chosen.keys(), "Path": {"sample", "scale"}, "Models": {"sample"}, "Learn": set()}
    for title, own in drawn.items():
        app.page.get_by_role("link", name=title, exact=True).click()
        app.until(lambda title=title, own=own: title.lower() in app.page.url and app.address.keys() == own)
        app.page.go_back()
        app.until(lambda: app.chart("map") and "tabby" in app.proof)
        assert app.address == chosen
    app.page.go_forward()
    app.until(lambda: "learn" in app.page.url)
    app.page.get_by_role("link", name="Explain", exact=True).click()  # which knows what Learn has no use for
    app.until(lambda: app.address == chosen)


def test_a_link_restores_what_it_was_copied_from(app):
    app.open(sample="chelsea", class_="teapot", scale="probability", method=IG, **{f"{IG}-steps": 20})
    assert "teapot" in app.proof
    assert "probability" in app.proof
    assert "22 passes" in app.proof
    assert app.address == {
        "sample": "chelsea",
        "class": "teapot",
        "scale": "probability",
        "method": IG,
        f"{IG}-steps": "20",
        f"{IG}-steps-automatic": "False",
    }
    seen = app.heat, app.proof
    app.page.goto(app.page.url)  # another session, which knows no more than the link
    app.until(lambda: app.heat)
    assert (app.heat, app.proof) == seen


def test_a_broken_link_falls_back_to_the_defaults(app):
    app.open(method="no-such-method", class_="nonsense", sample="x", scale="y", **{f"{IG}-steps": "abc"})
    assert app.messages == ""
    assert "the logit of espresso" in app.proof
    assert "1 pass " in app.proof
    assert app.until(lambda: app.address == {})
    app.method("Integrated Gradients").until(lambda: "points on the path are enough" in app.proof)


def test_only_a_random_baseline_asks_for_seed_and_draws(app):
    app.open(method=IG, integrated_gradients_steps=5)
    knobs = [app.at(f"{IG}-{knob}") for knob in ("seed", "draws")]
    assert [knob.count() for knob in knobs] == [0, 0]
    app.select(f"{IG}-baseline", "random").until(lambda: "28 passes" in app.proof)
    assert [knob.is_visible() for knob in knobs] == [True, True]
    app.slide(f"{IG}-draws", "ArrowLeft").until(lambda: "21 passes" in app.proof)
    app.select(f"{IG}-baseline", "white").until(lambda: "7 passes" in app.proof)
    assert [knob.count() for knob in knobs] == [0, 0]
    steps = {f"{IG}-steps": "5", f"{IG}-steps-automatic": "False"}
    assert app.address == {"method": IG, **steps, f"{IG}-baseline": "white"}


def test_what_a_method_can_not_explain_is_said_and_can_be_changed(app):
    app.open(method="cam", scale="probability")
    assert "CAM explains the logit only, not the probability." in app.messages
    assert app.chart("map") == []
    app.choose("scale", "logit").until(lambda: app.heat)
    assert app.messages == ""
    assert "1 pass " in app.proof


def test_another_look_computes_nothing(app):
    app.open(method="grad-cam")
    for grain, colours, overlay, opacity in (
        ("grain-layer", "colours-unsigned", "picture on map", 0.6),
        ("grain-pixels", "colours-signed", "map on picture", 0.9),
    ):
        if grain == "grain-pixels":
            app.method("Integrated Gradients").until(lambda: "points on the path are enough" in app.proof)
        changes = {
            "clip": lambda: app.slide("clip", "ArrowLeft", 4),
            "overlay": lambda overlay=overlay: app.select("overlay", overlay),
            colours: lambda colours=colours: app.select(colours, "jet"),
            "grain-layer": lambda: app.choose("grain-layer", "as computed"),
            "grain-pixels": lambda: app.choose("grain-pixels", "smoothed"),
            f"channels-{IG}": lambda: app.select(f"channels-{IG}", "largest"),
        }
        offered = [key for key in changes if app.at(key).count()]
        assert offered == ["clip", "overlay", colours, grain, *([f"channels-{IG}"] if grain == "grain-pixels" else [])]
        address, cost = app.address, app.proof.splitlines()[-1]
        assert "pass" in cost
        for key in offered:
            before = app.chart("map")
            changes[key]()
            app.until(lambda before=before: app.chart("map") not in (before, []))
            assert app.proof.splitlines()[-1] == cost
        assert app.at("map-area").get_by_text("Smoothed for display").count() == (grain == "grain-pixels")
        assert app.chart("map")[4]["opacity"] == opacity
        assert app.address == address
