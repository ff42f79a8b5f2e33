"""A place on a page for what comes later."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


class Place:
    """A place on a page: grey while the page is loading, perhaps with a first look for some time, then filled."""

    def __init__(self, key: str | None = None, skeleton: str | None = None) -> None:
        """Take the next place on the page.

        skeleton: the height of what will fill it, in CSS, where it is grey until then; percentages are of its width.
        """
        self._place: DeltaGenerator = st.container(key=key)
        self._grey = self._replaceable = skeleton is not None
        if self._grey:
            self._place = self._place.empty()
            grey = f'<div class="skeleton" style="padding-bottom: {skeleton}"></div>'
            self._place.markdown(grey, unsafe_allow_html=True)

    def preview(self, key: str | None = None) -> DeltaGenerator:
        """Return a container for a first look, which what comes next replaces."""
        if not self._replaceable:
            self._place, self._replaceable = self._place.empty(), True
        return self.fill(key)

    def fill(self, key: str | None = None) -> DeltaGenerator:
        """Return a container for what belongs here."""
        self._grey = False
        return self._place.container(key=key)

    def end(self) -> None:
        """Leave the place empty if nothing has filled it."""
        if self._grey:
            self._place.empty()
