"""The settings of a page as a file, which a page opens again as it opens an address. It never holds a picture."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlencode

from explainers.errors import ExplanationError

FORMAT, VERSION = "whypixel settings", 1
MAX_BYTES = 64 * 1024
MAX_SETTINGS, MAX_NAME, MAX_VALUE = 200, 100, 20_000  # entries, and characters: 25 long labels are one value
SURROGATES = re.compile("[\ud800-\udfff]")
NO_SETTINGS = "These settings can't be opened, so nothing was changed"


@dataclass(frozen=True)
class SettingsFile:
    """What a settings file holds.

    page:     the name of the page.
    settings: what isn't the default, as text, as an address has it.
    picture, fingerprint: what the picture is called, and its size with the beginning of a hash of its file, for people:
              the settings name it themselves, by the same fingerprint or as a sample.
    """

    page: str
    settings: Mapping[str, str] = field(default_factory=dict)
    picture: str = ""
    fingerprint: str = ""

    def write(self) -> bytes:
        """Return the bytes of the file."""
        document = {"format": FORMAT, "version": VERSION} | asdict(self)
        return (json.dumps(document, indent=2) + "\n").encode()

    @classmethod
    def read(cls, data: bytes, pages: Collection[str]) -> SettingsFile:
        """Read a file that a stranger may have written: its values are checked by the widgets that they are for.

        pages: the names of the pages that there are.
        Raises ExplanationError for anything that isn't such a file.
        """
        if len(data) > MAX_BYTES:
            raise _refused(f"the file is larger than {MAX_BYTES // 1024} KB")
        try:
            document = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise _refused("the file isn't valid JSON") from error
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise _refused("the file isn't a settings file of Whypixel")
        if document.get("version") != VERSION:
            raise _refused(f"this Whypixel reads version {VERSION} of the format, and the file has another one")
        page, settings = document.get("page"), document.get("settings")
        if not isinstance(page, str) or page not in pages:
            raise _refused("the file is about a page that doesn't exist here")
        if not isinstance(settings, dict) or len(settings) > MAX_SETTINGS or not all(map(_is_one, settings.items())):
            raise _refused("its settings aren't short texts")
        if len(urlencode(settings)) > MAX_BYTES:  # the page would have an address that no server reads again
            raise _refused("its settings are too long for an address")
        return cls(page, settings)


def _is_one(setting: tuple[str, Any]) -> bool:
    name, value = setting
    return _is_text(name) and len(name) <= MAX_NAME and _is_text(value)


def _is_text(value: Any) -> bool:
    """Whether a value is a text that an address can hold: no half of a character."""
    return isinstance(value, str) and len(value) <= MAX_VALUE and not SURROGATES.search(value)


def _refused(reason: str) -> ExplanationError:
    return ExplanationError(f"{NO_SETTINGS}: {reason}.")
