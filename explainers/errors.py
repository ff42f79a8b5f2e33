"""The one error that a visitor can put right."""


class ExplanationError(Exception):
    """A request that the visitor can put right. The message is a full sentence, which visitors see unchanged."""
