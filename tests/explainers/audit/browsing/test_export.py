"""The rows as a table for spreadsheets: all of them or some, in their order, and nothing that is computed there."""

import csv
import io
from dataclasses import replace

from explainers.audit.browsing.export import COLUMNS, as_csv
from explainers.audit.runs.run import Run
from tools.made_run import made_run


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_all_rows_or_the_chosen_ones_in_their_order(tmp_path):
    run = made_run(tmp_path / "run", tmp_path / "pictures", 20, part=8)
    every = rows(as_csv(run))
    assert [int(row["number"]) for row in every] == [*range(20)]
    assert [int(row["number"]) for row in rows(as_csv(run, [17, 3]))] == [17, 3]
    row = run.row(3)
    assert (every[3]["path"], float(every[3]["gap"])) == (row["path"], row["gap"])
    assert every[3]["view"] == "0 0 64 64"
    assert not {"map", "description", "thumbnail"} & {*COLUMNS}


def test_what_a_stranger_has_named_computes_nothing(tmp_path):
    made = made_run(tmp_path / "made", tmp_path / "pictures", 8, part=8)
    case = replace(made.cases[0], path="=HYPERLINK(1).jpg", label="+1")
    run = Run.create(tmp_path / "run", made.plan, [case, *made.cases[1:]])
    run.write_part(
        0, [made.row(number) | ({"path": case.path, "label": "+1"} if not number else {}) for number in range(8)]
    )
    first = rows(as_csv(run))[0]
    assert (first["path"], first["label"]) == ("'=HYPERLINK(1).jpg", "'+1")
