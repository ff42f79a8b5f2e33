"""For whoever teaches: worksheets to print, the answers as a file, and a fresh start."""

from __future__ import annotations

import streamlit as st

from explainers.lessons import LESSONS, Lab, Lesson
from explainers.lessons.answers import answers_file
from explainers.lessons.worksheet import worksheet
from pages.sections.learn.answering import answers, reset
from pages.shared import work
from pages.shared.picture import sample_photo


def offer_sheets(lesson: Lesson | None, lab: Lab) -> None:
    """Draw what a teacher takes away. Files are made when somebody asks for them."""
    with st.expander("For the teacher", key="teaching"):
        if lesson is None:
            st.caption("Open a lesson for its worksheet.")
        else:
            alone = Lab(
                lab.classifier, sample_photo, do=work.result_unseen
            )  # a download is made where no page can be drawn
            _offer("Worksheet to print", f"{lesson.slug}.html", lambda: worksheet(lesson).encode())
            _offer("Worksheet with answers", f"{lesson.slug}-answers.html", lambda: worksheet(lesson, alone).encode())
        given = answers()
        st.download_button(
            f"Answers of this visit ({len(given)})",
            answers_file(LESSONS, given),
            "answers.csv",
            mime="text/csv",
            key="answers-file",
            on_click="ignore",
            disabled=not given,
        )
        st.caption("Answers are kept while this page is open, and nowhere else.")
        what = "this lesson" if lesson else "all lessons"
        st.button(f"Begin {what} again", key="reset", on_click=reset, args=(lesson,), help="This clears your answers.")


def _offer(label: str, name: str, make: object) -> None:
    st.download_button(label, make, name, mime="text/html", key=f"sheet-{name}", on_click="ignore")  # type: ignore[arg-type]
