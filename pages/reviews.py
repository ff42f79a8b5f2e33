"""The Reviews page shows what was kept on the review board, and what people think of it."""

from __future__ import annotations

from pages.shared.frame import frame, messages


def reviews() -> None:
    """Draw the page. In a function, because Streamlit keeps the variables of a script after its run."""
    with frame("What was found?", "Results that were kept, and what people think of them.", "reviews") as page:
        body = page.place("560px")
        with page.imports():
            from pages.sections.reviews.beside import offer_downloads, say_who_sees_it
            from pages.sections.reviews.one import choose_review, show_review
            from pages.sections.reviews.several import choose_wanted, show_reviews
            from pages.shared import own_classifiers
            from pages.shared.keep import the_board
        own_classifiers.bring_along()
        with page.settings.fill():
            downloads_place = say_who_sees_it()
        with body.fill(key="reviews"), messages():
            board, id = the_board(), choose_review()
            if id:
                page.publish_settings()
                show_review(board, id)
            else:
                offered = board.offered()
                wanted, found = choose_wanted(board, offered)
                page.publish_settings()
                show_reviews(found, offered)
                with downloads_place:
                    offer_downloads(board, wanted, found, offered)


reviews()
