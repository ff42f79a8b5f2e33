"""The section that shows the path as pictures."""

from __future__ import annotations

import streamlit as st

from explainers.figures import encoded
from explainers.methods.path_record import PathMethod
from explainers.numbers import percent, significant
from explainers.question import Question
from pages.shared import state, work
from pages.shared.frame import messages

PICTURE_WIDTH = 74  # CSS pixels


class PicturesSection:
    """Pictures from the baseline to the image, with the classifier's score under each."""

    def __init__(self) -> None:
        st.markdown(
            "#### Pictures on the path\n"
            "What the classifier sees on the way from the baseline to your picture, and what it says."
        )
        st.latex(r"x(\alpha) = \text{baseline} + \alpha \cdot (\text{picture} - \text{baseline})")
        self.count: int = st.slider(
            "Pictures",
            2,
            25,
            key=state.setting("path-pictures", 11, lambda value: 2 <= value <= 25),
            help="How many to show. Each costs one pass.",
        )
        self._place = st.container(key="strip")

    def show(self, explainer: PathMethod, question: Question) -> None:
        """Draw the pictures."""
        with self._place, messages():
            strip = work.strip(explainer, question, self.count)
            with st.container(horizontal=True, gap="xsmall", key="pictures"):
                rows = zip(strip.alphas, strip.pictures, strip.logits, strip.probabilities, strict=True)
                for alpha, picture, logit, probability in rows:
                    with st.container(width=PICTURE_WIDTH, gap=None):
                        st.image(encoded(picture), width=PICTURE_WIDTH, alt=f"The picture at alpha {alpha:.2f}")
                        st.caption(f"**{alpha:.2f}**  \n{significant(logit)}  \n{percent(probability)}")
            st.caption(f"Alpha, then logit and probability of {_explained(question)}." + _several_baselines(explainer))


def _explained(question: Question) -> str:
    """Name the explained class in Markdown, and the one that it is compared with."""
    labels, target = question.classifier.labels, question.target
    versus = "" if target.versus is None else f" minus those of *{labels[target.versus]}*"
    return f"*{labels[target.index]}*{versus}"


def _several_baselines(explainer: PathMethod) -> str:
    """Say, where there are several random baselines, that the pictures belong to the first of them."""
    averaged = explainer.baseline == "random" and explainer.draws > 1
    return (
        f" This is the first of {explainer.draws} random baselines; everything else is averaged over all."
        if averaged
        else ""
    )
