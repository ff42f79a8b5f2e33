"""The one error that is a visitor's to mend."""


class ExplanationError(Exception):
    """A request the visitor can put right. The message is a full sentence and is shown as it is."""
