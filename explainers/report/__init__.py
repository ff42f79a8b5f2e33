"""What can be taken away: an explanation as files, restored bit for bit, and the code that computes it again."""

from explainers.report.bundle import bundle_schema, load, save, zipped
from explainers.report.code import snippet
from explainers.report.comparison import comparison_report
from explainers.report.html import report
from explainers.report.result import Failure, Result
from explainers.report.section import Section

__all__ = [
    "Failure",
    "Result",
    "Section",
    "bundle_schema",
    "comparison_report",
    "load",
    "report",
    "save",
    "snippet",
    "zipped",
]
