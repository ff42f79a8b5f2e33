"""A figure with the words that belong to it."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go


@dataclass(frozen=True, eq=False)
class Panel:
    """A figure with a title above and, if it is small, a line below.

    alt:   what it shows, for those who can't see it.
    below: the line, in Markdown.
    """

    title: str
    figure: go.Figure
    alt: str
    below: str = ""
