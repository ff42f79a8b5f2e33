"""The terms that a newcomer may not know, each explained once. Pages show them as tooltips."""

from __future__ import annotations

import re

TERMS = {
    "logit": "the score that the classifier computes for a class, before the scores become probabilities. Any number.",
    "probability": "all logits turned into shares of 100%. It also depends on the other classes, and hardly moves "
    "once it is near 0 or 100%.",
    "attribution": "a pixel's share in the score: above zero it speaks for the class, below zero against it.",
    "gradient": "how much the score would change if a pixel became a little brighter.",
    "baseline": 'a picture that stands for "nothing", such as plain black. The map says what the pixels add to the '
    "score compared with it.",
    "path": "the pictures on the way from the baseline to yours, mixed in small steps.",
    "alpha": "how far along the path a picture lies: 0 is the baseline, 1 is your picture.",
    "saturation": "the score stops rising although the picture still changes. There the gradient is small even at "
    "pixels that matter.",
    "completeness": "the attributions of all pixels add up to the score minus the baseline's score.",
    "gap": "how far the attributions miss the change of the score that they should add up to, as a share of it.",
    "expected error": "how far the map is likely to be from the exact one, as a share of all that the exact one shows.",
    "pass": "one run of one picture through the network. It is what a map costs.",
    "layer": "one stage of the network. Deeper layers stand for larger, more complex things; their maps are coarser.",
    "feature map": "what one of a layer's detectors found in the picture, place by place.",
    "ReLU": "a part of the network that passes positive numbers on and turns negative ones into zero.",
    "superpixel": "a small patch of pixels of similar colour, treated as one.",
    "deletion": "removing pixels in the map's order and watching the score fall.",
    "insertion": "bringing pixels back in the map's order and watching the score rise.",
    "rank correlation": "1 if two maps put the pixels in the same order, 0 if the orders have nothing in common. Also "
    "written ρ.",
    "structural similarity": "1 if two maps look the same (SSIM), 0 if they don't.",
    "percentile": "the value below which that share of the map lies.",
    "seed": "a number that fixes all random draws, so that the same settings give the same map again.",
}


def with_terms(text: str, about: str = "") -> str:
    """Return a text followed by the explanation of every term in it, as Markdown for a tooltip.

    about: what the tooltip stands beside, whose terms are explained as well.
    """
    used = (term for term in TERMS if _uses(f"{text} {about}", term))
    return "\n\n".join([text, *(f"**{term[0].upper()}{term[1:]}**: {TERMS[term]}" for term in used)])


def _uses(text: str, term: str) -> bool:
    return re.search(rf"\b{re.escape(term)}(s|es)?\b", text, re.IGNORECASE) is not None
