"""What the dashboard asks of Streamlit in .streamlit/config.toml."""

import re
import tomllib
from pathlib import Path

import pytest
from streamlit import config

FILE = Path(__file__).parents[2] / ".streamlit/config.toml"


def options(table, prefix=""):
    """The file's options with their full names."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from options(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


CONFIGURED = dict(options(tomllib.loads(FILE.read_text(encoding="utf-8"))))


@pytest.fixture
def served(monkeypatch):
    """(name) -> the option, as Streamlit has it where the dashboard is started."""
    monkeypatch.chdir(FILE.parents[1])
    for name in CONFIGURED:
        monkeypatch.delenv(config._config_options_template[name].env_var, raising=False)
    config.get_config_options(force_reparse=True)
    return config.get_option


@pytest.mark.parametrize("name", CONFIGURED)
def test_streamlit_knows_every_option_and_takes_its_value(served, name):
    assert served(name) == CONFIGURED[name]


def test_no_run_ends_with_a_full_garbage_collection_and_no_file_is_watched(served):
    assert served("runner.postScriptGC") is False
    assert served("server.fileWatcherType") == "none"


def test_what_pages_add_has_the_themes_primary_colour():
    style = (FILE.parents[1] / "pages/shared/frame.css").read_text(encoding="utf-8")
    (colours,) = re.findall(r"--primary: light-dark\((\S+), (\S+)\)", style)
    assert colours == (CONFIGURED["theme.light.primaryColor"], CONFIGURED["theme.dark.primaryColor"])
