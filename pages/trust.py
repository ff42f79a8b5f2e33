"""The Trust page puts the Explain page's map through experiments that support or contradict it."""

from __future__ import annotations

import streamlit as st

from pages.shared.frame import frame, messages


def trust() -> None:
    """Draw the page. In a function, because Streamlit keeps the variables of a script after its run."""
    with frame("Can you trust it?", "Four tests that could prove it wrong, and what came out.", "trust") as page:
        body = page.place("560px")
        with page.imports():
            from pages.sections.trust.card import Card
            from pages.sections.trust.map import MAP_WIDTH, show_map
            from pages.sections.trust.pointing import PointingCard
            from pages.sections.trust.randomisation import RandomisationCard
            from pages.sections.trust.removal import RemovalCard
            from pages.sections.trust.stability import StabilityCard
            from pages.sections.trust.table import TableSection
            from pages.sections.trust.verdict import VerdictPlace
            from pages.shared import work
            from pages.shared.keep import Keepable, offer_to_keep
            from pages.shared.look import last_look
            from pages.shared.method import choose_explainer
            from pages.shared.question import ask
            from pages.shared.save import offer_files
        with page.settings.fill():
            question, likely, explainer = ask(choose_explainer)
        with body.fill(), st.container(key="trial", gap="xsmall"):
            with st.container(horizontal=True, gap="medium", key="tested"):
                map_place = st.container(width=MAP_WIDTH, key="under-test")
                verdict = VerdictPlace(explainer, question)
                save_place = st.container(width="content")
            kinds: tuple[type[Card], ...] = RemovalCard, RandomisationCard, StabilityCard, PointingCard
            with st.container(key="cards"):
                cards = [kind(question.classifier) for kind in kinds]
            table = TableSection(explainer)
            page.publish_settings()
            with verdict.waiting, messages():
                explanation, look = last_look(work.explanation(explainer, question))
                with map_place:
                    show_map(explanation, look)
                cards_by_cost = sorted(cards, key=lambda card: card.cost(explainer, question))
                for card in cards_by_cost:  # nobody waits for a longer one
                    with card.place, messages():
                        verdict.take(card, card.show(explainer, question, explanation, look))
                verdict.end()
                with save_place:
                    offer_files(explainer, question, likely, explanation, look)
                    offer_to_keep({"": Keepable(question.photo, explanation, look)}, "trust")
                table.show(question, cards)


trust()
