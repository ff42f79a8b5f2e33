"""What people say of a finding or a cluster: a list, and a form; it stands in the review board's database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from explainers import ExplanationError
from explainers.audit.browsing.subjects import earlier_in_words, subjects
from explainers.markdown import escaped
from explainers.reviews.audit_notes import MAX_TAGS, TAGS, AuditNote, AuditNotes, WrittenNote, audit_notes
from explainers.reviews.export import time_in_words
from explainers.reviews.location import is_on, location
from explainers.reviews.review import MAX_NAME, MAX_NOTE
from pages.sections.audit.audit import Audit
from pages.shared import state
from pages.shared.frame import show
from pages.shared.keep import OFF
from pages.shared.opinions import NAME_KEY, refuse, start_anew

FORM = "audit-note"
WHO_SEES_IT = (
    "This server stores what you write here. Anybody who can open this dashboard can see it with this audit and in its "
    "report, and can remove it."
)

EARLIER = "They are about findings and clusters that aren't there now."


@dataclass(frozen=True)
class Noted:
    """The notes on an audit by what they are about; empty where there is no database."""

    notes: Mapping[str, tuple[WrittenNote, ...]] = field(default_factory=dict)

    def get(self, subject: str) -> tuple[WrittenNote, ...]:
        """Return the notes on a finding, the oldest first."""
        return self.notes.get(subject, ())

    def tags(self, subject: str) -> list[str]:
        """Return the tags of the latest note on a finding in Markdown: they count."""
        return [escaped(tag) for note in self.get(subject)[-1:] for tag in note.note.tags]


def noted(audit: Audit) -> Noted:
    """Return the notes on an audit. What is wrong with the database is said where notes are written, and not here."""
    try:
        return Noted(the_notes().of_run(audit.identity)) if is_on() else Noted()
    except ExplanationError:
        return Noted()


def the_notes() -> AuditNotes:
    """Return the notes of this server. Raises ExplanationError where there are none."""
    if (place := location()) is None:
        raise ExplanationError(OFF)
    return audit_notes(place)


def show_notes(audit: Audit, subject: str) -> None:
    """Draw what was said of a finding, the newest first, and the form for more; nothing where there is no database."""
    if not is_on():
        return
    with st.container(key="audit-notes"):
        st.markdown("**Notes**")
        try:
            notes = the_notes().of_run(audit.identity)
        except ExplanationError as error:
            show(error)
            return
        _show_all(notes.get(subject, ()))
        used = dict.fromkeys(tag for each in notes.values() for written in each for tag in written.note.tags)
        with st.expander("Add a note", expanded=False, key="add-audit-note"):
            st.caption(WHO_SEES_IT)
            _ask(audit, subject, tuple(dict.fromkeys((*TAGS, *used))))
        if notes.get(subject):
            _offer_removal(audit, subject, "remove-notes")


def show_earlier_notes(audit: Audit) -> None:
    """Draw the notes on findings and clusters that aren't there now; nothing where there are none."""
    said = noted(audit).notes
    if not said:
        return
    known = subjects(audit.findings, audit.table.names)
    earlier = {subject: notes for subject, notes in said.items() if subject not in known}
    if not earlier:
        return
    with st.expander(f"Notes of an earlier search ({sum(map(len, earlier.values())):,})", key="earlier-notes"):
        st.caption(EARLIER)
        for number, (subject, notes) in enumerate(earlier.items()):
            st.markdown(f"**About {escaped(earlier_in_words(subject, audit.table.names))}**")
            _show_all(notes)
            _offer_removal(audit, subject, f"remove-earlier-notes-{number}")


def _show_all(notes: Sequence[WrittenNote]) -> None:
    for written in reversed(notes):
        note = written.note
        tags = " ".join(f":blue-badge[{escaped(tag)}]" for tag in note.tags)
        st.markdown(f"{tags} {escaped(note.name)}, {time_in_words(written.written_at)}".strip())
        if note.note:
            st.markdown("  \n".join(f"> {escaped(line)}" for line in note.note.splitlines()))


def _offer_removal(audit: Audit, subject: str, key: str) -> None:
    with st.popover("Remove", key=key):
        st.markdown("This removes all notes on this, for everybody. It can't be undone.")
        st.button("Remove for everybody", key=f"{key}-now", on_click=_remove, args=(audit, subject))


def _ask(audit: Audit, subject: str, tags: tuple[str, ...]) -> None:
    number = state.recall(f"{FORM}-number", 0)
    with st.form(f"{FORM}-form-{number}", border=False):
        st.multiselect(
            "Tags",
            tags,
            key=f"{FORM}-tags-{number}",
            accept_new_options=True,
            max_selections=MAX_TAGS,
            placeholder="Choose some, or type your own",
        )
        st.text_area("Note", key=f"{FORM}-note-{number}", max_chars=MAX_NOTE, height=70)
        st.text_input("Your name", state.recall(NAME_KEY, ""), key=f"{FORM}-name-{number}", max_chars=MAX_NAME)
        if problem := state.recall(f"{FORM}-problem"):
            show(problem)
        st.form_submit_button(
            "Add",
            key=f"{FORM}-submit-{number}",
            on_click=_submit,
            args=(audit.identity, subject, number),
            type="primary",
        )


def _submit(identity: str, subject: str, number: int) -> None:
    tags, note, name = (state.widget(f"{FORM}-{what}-{number}") for what in ("tags", "note", "name"))
    refuse(FORM, "")
    try:
        written = AuditNote(tuple(tags or ()), name or "", note or "")
        state.remember(NAME_KEY, written.name)
        the_notes().say(identity, subject, written)
        start_anew(FORM)
    except ExplanationError as error:
        refuse(FORM, str(error))


def _remove(audit: Audit, subject: str) -> None:
    try:
        the_notes().remove(audit.identity, subject)
    except ExplanationError as error:
        refuse(FORM, str(error))
