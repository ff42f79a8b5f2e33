"""Figures within an HTML file that needs nothing from outside."""

from __future__ import annotations

import plotly.graph_objects as go
from plotly.offline import get_plotlyjs


def inline(figure: go.Figure) -> str:
    """Return a figure as a part of an HTML file, on white, which `script` brings to life."""
    on_white = go.Figure(figure).update_layout(template="plotly_white")
    part: str = on_white.to_html(full_html=False, include_plotlyjs=False, config={"displayModeBar": False})
    return part


def script() -> str:
    """Return the script that draws all figures of a file; it takes 4 to 5 MB."""
    source: str = get_plotlyjs()
    return source
