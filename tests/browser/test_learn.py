"""Training is cancelled in the middle, lessons are walked to their end by keyboard, worksheets fit on paper."""

import pytest

from explainers import load_classifier
from explainers.lessons import BY_SLUG, LESSONS, Guess, Lab, Live, OpenQuestion
from explainers.lessons.worksheet import worksheet

LESSON = LESSONS[0]


def focus(app, key, press="Tab") -> None:
    """Press a key until the focus is within the element of that key."""
    within = "key => !!document.activeElement?.closest(`.st-key-${key}`)"
    for presses in range(1, 241):
        if app.page.evaluate(within, key):
            return
        app.page.keyboard.press(press)
        if presses % 60 == 0:  # a page that is drawn anew meanwhile loses the focus
            app.idle()
    raise AssertionError(f"the focus never came to {key}")


def back_to(app, key) -> None:
    """Go to what stands before the button that led here, and keeps the focus."""
    focus(app, key, "Shift+Tab")


def show_answer(app) -> None:
    """Press the button of the form that has the focus."""
    for _ in range(10):
        if app.page.evaluate("document.activeElement?.closest('[data-testid=stFormSubmitButton]') !== null"):
            app.page.keyboard.press("Enter")
            return
        app.page.keyboard.press("Tab")
    raise AssertionError("the focus never came to the button")


def test_training_is_cancelled_in_the_middle_and_begun_again(app, rest):
    lesson = BY_SLUG["shortcut"]  # before anybody else on this server has trained its networks
    step = next(number for number, part in enumerate(lesson.parts, 1) if isinstance(part, Live) and part.begin)
    progress, cancel = app.page.get_by_test_id("stProgress").get_by_text("Training"), app.at("cancel")
    app.come("learn", lesson=lesson.slug, step=step).until(lambda: app.at("begin").count())
    app.at("begin").get_by_role("button").click()
    progress.get_by_text(" left").wait_for()
    cancel.get_by_role("button").click()
    app.until(lambda: app.at("begin").count())
    rest()
    assert progress.count() == cancel.count() == 0
    assert app.at("said").locator("p").count() == 0
    app.at("begin").get_by_role("button").click()
    app.until(lambda: app.at("said").locator("p").count())
    assert cancel.count() == app.at("begin").count() == 0
    assert "Right answers" in app.at("said").inner_text()


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_a_keyboard_leads_through_a_lesson(app, lesson):
    app.come("learn").idle().until(lambda: app.at(f"open-{lesson.slug}").count())
    focus(app, f"open-{lesson.slug}")
    app.page.keyboard.press("Enter")
    for number, part in enumerate(lesson.parts, 1):
        title = app.page.get_by_role("heading", name=part.title, exact=True)
        app.until(lambda title=title: title.count())
        match part:
            case Live(begin=begin):
                app.until(lambda: app.at("said").locator("p, td").count() or app.at("begin").count())
                if begin and app.at("begin").count():
                    focus(app, "begin")
                    app.page.keyboard.press("Enter")
                app.until(lambda: app.at("said").locator("p, td").count())
            case Guess(name=name, options=options):
                back_to(app, f"guess-{lesson.slug}-{name}")
                app.page.keyboard.press("Space")
                show_answer(app)
                app.until(lambda last=options[-1]: app.page.get_by_text(f"Your prediction: {last}").count())
            case OpenQuestion(name=name):
                back_to(app, f"ask-{lesson.slug}-{name}")
                app.page.keyboard.type("I think so")
                show_answer(app)
                app.until(lambda: app.page.get_by_text("Your answer: I think so").count())
        assert app.messages == "" or isinstance(part, Guess | OpenQuestion)
        if number < len(lesson.parts):
            focus(app, "next")
            app.page.keyboard.press("Enter")
    assert app.address["step"] == str(len(lesson.parts))
    back_to(app, "follow")
    app.page.keyboard.press("Enter")
    app.until(lambda: "/learn" not in app.page.url.partition("?")[0], running=True)  # what is there isn't the lesson's


def test_a_worksheet_is_a_few_pages_of_paper(window):
    page = window().new_page()
    for content in (worksheet(LESSON), worksheet(LESSON, Lab(load_classifier("bundled")))):
        page.set_content(content)
        pdf = page.pdf(format="A4")
        assert pdf.startswith(b"%PDF")
        assert 1 <= pdf.count(b"/Type /Page\n") <= 6
    page.context.close()
