"""A lesson on paper: a sheet to write on, or the same sheet with the answers for the teacher."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from explainers.glossary import with_terms
from explainers.lessons.lab import Lab
from explainers.lessons.parts import Guess, Lesson, Link, Live, OpenQuestion, Part, Text
from explainers.report.templates import template
from explainers.settings import Choice, Knob, Range, Switch

TEMPLATE = Path(__file__).with_name("worksheet.html")
NOTE_LINES, ANSWER_LINES, LINK_LINES = 3, 5, 2  # to write on


def worksheet(lesson: Lesson, lab: Lab | None = None) -> str:
    """Return the worksheet of a lesson as an HTML file to print.

    lab: computes the answers that stand on it; None: there is room for them instead.
    """
    sections = [_section(part, lab) for part in lesson.parts]
    words = with_terms("", " ".join(f"{each['text']} {each['answer']}" for each in sections)).strip()
    classifier = lab.classifier.name if lab else ""
    page: str = template(TEMPLATE).render(
        lesson=lesson, sections=sections, words=words, answered=lab is not None, classifier=classifier
    )
    return page


def _section(part: Part, lab: Lab | None) -> dict[str, Any]:
    """Return what stands on the sheet for a part; the template knows only these names."""
    section: dict[str, Any] = {
        "title": part.title,
        "options": (),
        "settings": (),
        "lines": 0,
        "right": "",
        "answer": "",
    }
    match part:
        case Text(text=text):
            section |= {"text": text}
        case Live():
            settings = [f"{knob.title(name)}: {_range(knob)}" for name, knob in part.knobs().items()]
            section |= {"text": part.text(), "settings": settings, "lines": NOTE_LINES}
            if lab:
                section["answer"] = "With the first settings:\n\n" + "\n\n".join(part.show(lab).sentences)
        case Guess(text=text, options=options, reveal=reveal):
            section |= {"text": text, "options": options, "lines": 1}
            if lab:
                revealed = reveal(lab)
                section |= {"right": revealed.right, "answer": revealed.why}
        case OpenQuestion(text=text, answer=answer):
            section |= {"text": text, "lines": ANSWER_LINES}
            if lab:
                section["answer"] = answer(lab)
        case Link(text=text, label=label):
            section |= {"text": f"{text}\n\nIn Whypixel: {label}.", "lines": LINK_LINES}
    return section


def _range(knob: Knob) -> str:
    """Say in a few words what a setting can be."""
    match knob:
        case Range(low=low, high=high, unit=unit):
            return f"{low:g}{unit} to {high:g}{unit}"
        case Choice(options=options):
            return "; ".join(options)  # some have a comma
        case Switch():
            return "on or off"
    return "your choice"
