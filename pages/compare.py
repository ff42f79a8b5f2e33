"""The Compare page shows many maps of one picture side by side."""

from __future__ import annotations

from pages.shared.frame import frame, messages

with frame(
    "How do they compare?", "One picture, many maps: side by side, with one zoom, and measured.", "compare"
) as page:
    body = page.place("70vh")
    with page.imports():
        from pages.sections.compare.plan import choose_comparison
        from pages.sections.compare.presets import offer_presets
        from pages.sections.compare.tiles import compute, offer_another_try
        from pages.sections.compare.views import Views
        from pages.shared.method import choose_explainer
        from pages.shared.question import ask
    with page.settings.fill():
        question, likely, explainer = ask(choose_explainer)
    with body.fill():
        offer_presets(question.classifier)
        comparison = choose_comparison(question, likely, explainer)
        views = Views(comparison)
        page.publish_settings()
        with views.waiting:
            tiles = compute(comparison, question, views.preview)
            offer_another_try()
        with messages():
            views.show(tiles)
