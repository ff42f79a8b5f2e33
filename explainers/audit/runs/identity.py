"""What tells a run from all others, wherever its folder and its pictures lie."""

from __future__ import annotations

import hashlib
import json

from explainers import typed_json
from explainers.audit.runs.plan import Plan


def run_identity(plan: Plan) -> str:
    """Return a hash of all that decides a run's numbers: of what its pictures are, and not of where they lie."""
    document = typed_json.write(plan, "", {})
    del document["source"]
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
