"""The Chromium that tests and tools drive."""

from __future__ import annotations

import os
import shutil

NAMES = (  # the first has no windows at all, and takes an eighth less of the processor for the same page
    *("chromium-headless-shell", "chrome-headless-shell"),
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",  # which says yes: the one without windows has nobody to ask
    "--font-render-hinting=none",  # as in the one with windows: or it sets letters a little wider or narrower
)
STILL = """addEventListener("DOMContentLoaded", () => {
    const style = document.createElement("style")
    style.textContent = "*, *::before, *::after { animation: none !important; transition: none !important }"
    document.head.append(style)
})"""  # without a graphics card, a spinner that turns takes as much of the processor as the page itself


def installed() -> str | None:
    """Return the path of the Chromium that WHYPIXEL_CHROMIUM names, or of this machine's; None: there is none."""
    return os.environ.get("WHYPIXEL_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
