"""Tables as people have them: their columns are found by their names, or a sentence says why not."""

import io
import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from explainers.audit.cases.tables import read_table
from explainers.errors import ExplanationError


def columns(header, name="cases.csv"):
    """What the columns of a header are taken for."""
    table = read_table(name, f"{header}\n{','.join('1' for _ in header.split(','))}\n".encode())
    return table.path, table.label, table.box, table.has_sizes


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("file,label", ("file", "label", (), False)),
        ("File Name,Class", ("File Name", "Class", (), False)),
        ("image_path,target,xmin,ymin,xmax,ymax",
         ("image_path", "target", ("xmin", "ymin", "xmax", "ymax"), False)),
        ("img,x,y,width,height", ("img", None, ("x", "y", "width", "height"), True)),
        ("path,x,y,w,h,category", ("path", "category", ("x", "y", "w", "h"), True)),
        ("Width,Height,Roi.X1,Roi.Y1,Roi.X2,Roi.Y2,ClassId,Path",
         ("Path", "ClassId", ("Roi.X1", "Roi.Y1", "Roi.X2", "Roi.Y2"), False)),
        ("file,bbox_x,bbox_y,bbox_w,bbox_h", ("file", None, ("bbox_x", "bbox_y", "bbox_w", "bbox_h"), True)),
        ("file,width,height", ("file", None, (), False)),  # of the picture
    ],
)  # fmt: skip
def test_columns_are_found_by_their_names(header, taken):
    assert columns(header) == taken


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_seen_and_quotes_are_read(separator):
    text = f'\ufefffile{separator}label\r\n"a{separator} b.jpg"{separator}cat\r\n\r\nc.jpg\r\n'
    table = read_table("cases.csv", text.encode())
    assert [*table.rows] == [{"file": f"a{separator} b.jpg", "label": "cat"}, {"file": "c.jpg", "label": ""}]


def test_which_of_several_columns_is_taken_is_said():
    table = read_table("labels.tsv", b"file\timagenet_index\tlabel\na.jpg\t7\tcat\n")
    assert table.label == "label"
    assert table.notes == ("The class is taken from the column 'label' of labels.tsv, not from imagenet_index.",)
    assert table.others == ("imagenet_index", "label")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("t.csv", b"", "no column of paths"),
        ("t.csv", b"a.jpg,cat\nb.jpg,dog\n", "no column of paths"),
        ("t.csv", b"file,FILE\na,b\n", "several columns that could be the path: file and FILE"),
        ("t.csv", b"file,label,label\na,b,c\n", "both called 'label'"),
        ("t.csv", "file,label\nä.jpg,cat\n".encode("utf-16"), "isn't in UTF-8"),
        ("t.csv", b'file,label\n"a', "can't be read"),
        ("t.csv", b"file," + b",".join(b"c%d" % number for number in range(2000)), "2,001 columns"),
        ("t.jsonl", b'{"file_name": "a"}\n[1]\n', "Line 2 is no JSON object"),
        ("t.jsonl", b'{"file_name": "a"}\n{\n', "Line 2 is no JSON."),
        ("t.jsonl", b"[" * 100_000, "Line 1 is no JSON."),
        ("t.parquet", b"PAR1 and no more", "no Parquet file"),
        ("\x1b[31m.csv", b"x\n1\n", "\ufffd[31m.csv has no"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused_in_a_sentence(name, data, said):
    with pytest.raises(ExplanationError) as refusal:
        read_table(name, data)
    assert said in str(refusal.value)


def test_json_lines_are_texts_whatever_they_hold():
    lines = [
        {"file_name": "a.jpg", "label": 3},
        {"file_name": "b\ud800.jpg", "objects": {"bbox": [1]}},
        {"label": None},
    ]
    table = read_table("metadata.jsonl", "\n".join(map(json.dumps, lines)).encode())
    assert [(row["file_name"], row["label"]) for row in table.rows] == [("a.jpg", "3"), ("b?.jpg", ""), ("", "")]


def test_numbers_in_a_parquet_of_hugging_faces_are_the_names_they_stand_for():
    features = {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}, "file_name": {"dtype": "string"}}
    table = pa.table({"file_name": ["a", "b", "c"], "label": [1, 0, None], "nested": [[1], [2], [3]]})
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    parquet.write_table(table, stream := io.BytesIO())
    rows = read_table("metadata.parquet", stream.getvalue()).rows
    assert [row["label"] for row in rows] == ["dog", "cat", ""]
    parquet.write_table(table.replace_schema_metadata({"huggingface": "[]"}), stream := io.BytesIO())
    assert [row["label"] for row in read_table("metadata.parquet", stream.getvalue()).rows] == ["1", "0", ""]
