"""Templates escape strangers' texts, also where these are Markdown."""

from explainers.report.templates import template


def test_markdown_makes_no_html_of_a_strangers_text(tmp_path):
    (file := tmp_path / "page.html").write_text(
        "{{ text }} {{ text | markdown }} {{ text | markdown_blocks }}", "utf-8"
    )
    page = template(file).render(text="**bold** <script>")
    assert page.count("&lt;script&gt;") == 3
    assert page.count("<strong>bold</strong>") == 2
    assert page.count("<p>") == 1


def test_a_filter_can_be_added(tmp_path):
    (file := tmp_path / "page.html").write_text("{{ text | loud }}", "utf-8")
    assert template(file, loud=str.upper).render(text="a") == "A"
