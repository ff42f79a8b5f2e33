"""How numbers are written for visitors: one style on all pages, in messages and in files."""

from __future__ import annotations

import math
from collections.abc import Sequence

LARGEST, SMALLEST = 1e6, 1e-4  # magnitudes between which a number is written without a power of ten
SEPARATOR = " · "  # between the parts of a line, such as the numbers under a map
LONG = 90.0  # seconds that are told in minutes, and minutes that are told in hours


def percent(share: float) -> str:
    """Write a share of 1 in per cent: "96.5%"; a tiny share that isn't 0 is "below 0.1%"."""
    return "below 0.1%" if 0 < share < 0.0005 else f"{share:.1%}"


def significant(value: float) -> str:
    """Write a number with three significant digits: "8.92", "0.0123", "12,300", "1.23e-07"."""
    rounded = float(f"{value:.2e}")
    if not rounded or not math.isfinite(rounded):
        return "0" if not rounded else str(rounded)
    if not SMALLEST <= abs(rounded) < LARGEST:
        return f"{rounded:.2e}"
    return f"{rounded:,.{max(0, 2 - math.floor(math.log10(abs(rounded))))}f}"


def short(value: float) -> str:
    """Write a number with three significant digits at most, and no zeros at the end: "2", "0.8", "0.00247"."""
    return f"{value + 0.0:.3g}"  # adding 0 turns -0.0 into 0.0


def duration(seconds: float) -> str:
    """Write how long something takes, in a unit that suits it: "0.05 s", "2.4 s", "24 s", "3 min", "2 h"."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds <= LONG:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes <= LONG else f"{minutes / 60:.0f} h"


def listed(items: Sequence[str], most: int) -> str:
    """Write the first of some texts, and how many more there are: "a, b, c and 1,021 more"."""
    rest = len(items) - most
    return ", ".join(items[:most]) + (f" and {rest:,} more" if rest > 0 else "")


def counted(count: int, one: str, many: str = "") -> str:
    """Write a number of things: "1 pass", "1,024 passes"; `many` is the plural where it isn't `one` and an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
