"""A plan in words."""

from __future__ import annotations

from contextlib import suppress

from explainers.audit.findings.finding import AuditFinding
from explainers.audit.runs.plan import Asked, Plan
from explainers.classifiers.catalogue import find
from explainers.errors import ExplanationError
from explainers.methods import BY_SLUG
from explainers.numbers import percent

ASKED: dict[Asked, str] = {
    "likeliest": "the likeliest class",
    "label": "the class that the picture shows",
    "label rather than likeliest": "the class that the picture shows, rather than the likeliest other one",
}


def classifier_title(plan: Plan) -> str:
    """Return the title of a plan's classifier, or its name where it isn't known here and now."""
    with suppress(ExplanationError):
        return find(plan.classifier).title
    return plan.classifier


def excess(finding: AuditFinding) -> str:
    """Say how sure a finding is: by how much one share of pictures exceeds another at least."""
    if finding.sure <= 0:
        return "No difference is certain"
    return f"At least {percent(finding.sure).removesuffix('%')} percentage points above the comparison"


def method_title(plan: Plan) -> str:
    """Return the title of a plan's method, or its name where this Whypixel doesn't know it."""
    kind = BY_SLUG.get(plan.method)
    return kind.title if kind else plan.method
