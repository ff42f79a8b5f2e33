"""What can be taken away: an explanation as files, restored bit for bit."""

from explainers.report.bundle import bundle_schema, load, save, zipped

__all__ = ["bundle_schema", "load", "save", "zipped"]
