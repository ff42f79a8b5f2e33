"""How similar a map remains to the original while the classifier's weights are randomised."""

from __future__ import annotations

import plotly.graph_objects as go

from explainers.experiments.randomisation.outcome import DEPENDS_BELOW, STAYS_ABOVE, RandomisationOutcome
from explainers.figures.colours import BLUE, GREY, ORANGE

BAND_OPACITY = 0.10  # of the two bands that show what the correlations mean


def randomisation(outcome: RandomisationOutcome) -> go.Figure:
    """Draw rank correlation and SSIM with the original map after each stage, and further draws of all weights as marks.

    In the band at the top the map stays as it was; in the band at the bottom it depends on the weights.
    """
    steps = outcome.steps
    places, names = list(range(len(steps))), [step.name for step in steps]
    lines = (
        (
            "rank correlation ρ",
            [step.correlation for step in steps],
            [step.correlation for step in outcome.again],
            BLUE,
        ),
        ("SSIM", [step.similarity for step in steps], [step.similarity for step in outcome.again], ORANGE),
    )
    figure = go.Figure()
    for name, values, again, colour in lines:
        figure.add_scatter(
            x=places,
            y=values,
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 2.5},
            customdata=names,
            hovertemplate="%{customdata}: " + name + " %{y:.2f}<extra></extra>",
        )
        figure.add_scatter(
            x=[places[-1]] * len(again),
            y=again,
            name=f"{name}, further draws",
            mode="markers",
            marker={"color": colour, "size": 7, "symbol": "circle-open"},
            hovertemplate=name + " of another draw %{y:.2f}<extra></extra>",
            showlegend=False,
        )
    all_values = [value for _, values, again, _ in lines for value in (*values, *again) if value is not None]
    lowest = min([-0.1, *all_values]) - 0.05
    for low, high in ((STAYS_ABOVE, 1.05), (lowest, DEPENDS_BELOW)):
        figure.add_hrect(y0=low, y1=high, fillcolor=GREY, opacity=BAND_OPACITY, line_width=0, layer="below")
    for text, x, y in (("the map stays", "right", "top"), ("depends on the weights", "left", "bottom")):
        place = {"x": float(x == "right"), "y": float(y == "top"), "xref": "paper", "yref": "paper"}
        anchor = {"xanchor": x, "yanchor": y, "showarrow": False, "font": {"size": 11}}
        figure.add_annotation(text=text, **place, **anchor)
    figure.update_layout(
        height=300,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        xaxis={
            "tickvals": places,
            "ticktext": names,
            "ticklabeloverflow": "allow",
            "fixedrange": True,
            "tickfont": {"size": 10},
        },
        yaxis={"range": [lowest, 1.05], "title": "similarity to the original map", "fixedrange": True},
        dragmode=False,
    )
    return figure
