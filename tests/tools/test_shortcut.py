"""The figures of the lesson about a shortcut: a row for each network, those with the mark first."""

import pytest

from explainers.lessons import training
from tools import shortcut


@pytest.fixture(autouse=True)
def _brief(monkeypatch):
    for name, least in {"DRAWN": 20, "TESTED": 5, "EPOCHS": 1, "MAPPED": 1}.items():
        monkeypatch.setattr(training, name, least)


def test_every_network_has_a_row_of_what_it_does(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["shortcut", "3"])
    shortcut.main()
    head, line, planted, control = capsys.readouterr().out.strip().splitlines()
    assert head.count("|") == line.count("|") == planted.count("|") == control.count("|")
    cells = [cell.strip() for cell in planted.strip("|").split("|")]
    rates = training.Training(True, 3).run().rates
    assert cells[0] == "3"
    assert float(cells[1].rstrip("%")) == pytest.approx(100 * rates.accuracy, abs=0.1)
    assert control.startswith("| 3, control |")
