"""What can be taken away: an explanation as files, restored bit for bit, and the code that computes it again."""

from explainers.report.bundle import bundle_schema, load, save, zipped
from explainers.report.code import snippet
from explainers.report.html import report

__all__ = ["bundle_schema", "load", "report", "save", "snippet", "zipped"]
