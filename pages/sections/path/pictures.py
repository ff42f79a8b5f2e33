"""The path as pictures."""

from __future__ import annotations

import streamlit as st

from explainers.figures import encoded
from explainers.methods.integrated_gradients import IntegratedGradients
from pages.shared import state, work
from pages.shared.frame import messages
from pages.shared.question import Question

SIDE = 74  # of a picture, on the screen


class StripSection:
    """Pictures from the baseline to the image, with the classifier's score under each."""

    def __init__(self) -> None:
        st.markdown(
            "#### 1. The path: from nothing to the picture\n"
            "Integrated Gradients starts at a **baseline**, a picture that stands for *nothing there*, and fades the "
            "picture in. At alpha = 0 the classifier sees the baseline, at alpha = 1 the picture; between them each "
            "pixel is on its straight way:"
        )
        st.latex(r"x(\alpha) = \text{baseline} + \alpha \cdot (\text{picture} - \text{baseline})")
        self.count: int = st.slider(
            "Pictures",
            2,
            25,
            key=state.setting("path-pictures", 11, lambda value: 2 <= value <= 25),
            help="How many to show. Each is passed through the classifier once.",
        )
        self._place = st.container(key="strip")

    def show(self, explainer: IntegratedGradients, asked: Question) -> None:
        """Draw the pictures."""
        with self._place, messages():
            strip = work.strip(explainer, asked.classifier, asked.photo, asked.target, self.count)
            with st.container(horizontal=True, gap="xsmall", key="pictures"):
                rows = zip(strip.alphas, strip.pictures, strip.logits, strip.probabilities, strict=True)
                for alpha, picture, logit, probability in rows:
                    with st.container(width=SIDE, gap=None):
                        st.image(encoded(picture), width=SIDE, alt=f"The picture at alpha {alpha:.2f}")
                        st.caption(f"**{alpha:.2f}**  \n{logit:.2f}  \n{probability:.1%}")
            st.caption(f"Alpha, then logit and probability of {_named(asked)}." + _first(explainer))


def _named(asked: Question) -> str:
    labels, target = asked.classifier.labels, asked.target
    other = "" if target.versus is None else f" less those of *{labels[target.versus]}*"
    return f"*{labels[target.index]}*{other}"


def _first(explainer: IntegratedGradients) -> str:
    several = explainer.baseline == "random" and explainer.draws > 1
    return f" The first of {explainer.draws} random baselines; below, all are averaged." if several else ""
