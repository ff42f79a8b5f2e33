"""The templates of what is read in a browser: strangers' texts are escaped, and Markdown in them makes no HTML."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

Filter = Callable[[Any], str]


@cache
def template(file: Path, **filters: Filter) -> Any:
    """Return a template with filters for Markdown: `markdown` within a line, and `markdown_blocks` for paragraphs.

    What it stands on takes .2 s to import, and most visitors want none.
    """
    from jinja2 import Environment
    from markdown_it import MarkdownIt

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    markdown = MarkdownIt("js-default", {"html": False, "linkify": False})
    environment.filters["markdown"] = lambda text: Markup(markdown.renderInline(text))
    environment.filters["markdown_blocks"] = lambda text: Markup(markdown.render(text))
    environment.filters.update(filters)
    return environment.from_string(file.read_text("utf-8"))
