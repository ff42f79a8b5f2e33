"""What can be taken away: an explanation as files, restored bit for bit, and the code that computes it again."""

from explainers.report.bundle import bundle_schema, load, save, values_file
from explainers.report.code import captum_snippet, snippet, snippets
from explainers.report.comparison import comparison_report
from explainers.report.html import report
from explainers.report.result import Failure, Result
from explainers.report.section import Section
from explainers.report.zips import zipped, zipped_tiles

__all__ = [
    "Failure",
    "Result",
    "Section",
    "bundle_schema",
    "captum_snippet",
    "comparison_report",
    "load",
    "report",
    "save",
    "snippet",
    "snippets",
    "values_file",
    "zipped",
    "zipped_tiles",
]
