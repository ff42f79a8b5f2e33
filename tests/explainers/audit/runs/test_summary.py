"""A run is summed up by what is in its rows."""

from explainers.audit.runs.summary import Summary


def test_a_summary_counts_what_is_there(begun, pictures):
    run = begun(pictures)
    assert Summary.of(run).sentences() == ["0 of 6 pictures have a map."]
    rows = [{"number": number, "path": f"{number}.png"} for number in range(6)]
    for row, correct in zip(rows, [True, False, None, True, None, None], strict=True):
        row["correct"] = correct
    rows[5]["error"] = "It is torn."
    for part in (0, 1, 2):
        run.write_part(part, rows[2 * part : 2 * part + 2])
    summary = Summary.of(run)
    assert (summary.pictures, summary.total, summary.labelled, summary.right) == (6, 6, 3, 2)
    assert summary.sentences() == [
        "5 of 6 pictures have a map.",
        "The classifier is right about 66.7% of the 3 pictures whose class is known.",
        "1 picture has none:",
        "  5.png: It is torn.",
    ]


def test_many_broken_pictures_are_counted_and_the_first_named():
    broken = tuple((f"{number}.png", "It is torn.") for number in range(9))
    lines = Summary(9, 9, 0, 0, broken).sentences()
    assert lines[:3] == ["0 of 9 pictures have a map.", "9 pictures have none:", "  0.png: It is torn."]
    assert lines[-1] == "  and 4 more."
