"""The Chromium that tests and tools drive."""

from __future__ import annotations

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
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
)
STILL = """addEventListener("DOMContentLoaded", () => {
    const style = document.createElement("style")
    style.textContent = "*, *::before, *::after { animation: none !important; transition: none !important }"
    document.head.append(style)
})"""  # without a graphics card, a spinner that turns takes as much of the processor as the page itself


def installed() -> str | None:
    """Return the path of the Chromium that WHYPIXEL_CHROMIUM names, or of this machine's; None: there is none."""
    return os.environ.get("WHYPIXEL_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
