"""Cases come from folders, tables and zip archives, and none of these makes the audit read what it shouldn't."""

import os
import struct
import warnings
import zipfile
from pathlib import Path

import pytest

from explainers.audit.cases.listing import Case, LostSourceError, list_cases, read
from explainers.errors import ExplanationError

HERE = ("a.png", "b.png", "c.png")


def listed(source, **more):
    return [(case.path, case.label, case.box) for case in list_cases(source, **more).cases]


def test_a_folder_of_classes_gives_each_picture_its_class(write, png):
    files = {"dog/2.JPG": png(2), "cat/b/1.png": png(1), "top.webp": b"x", "notes.txt": "no", ".git/3.png": png(3)}
    folder = write(files | {"__MACOSX/cat/1.png": "no", "cat/.hidden.png": "no"})
    assert listed(folder) == [("cat/b/1.png", "cat", None), ("dog/2.JPG", "dog", None), ("top.webp", None, None)]
    listing = list_cases(folder)
    assert (listing.source, listing.notes) == (folder.resolve(), ())
    assert [read(listing.source, case) for case in listing.cases] == [png(1), png(2), b"x"]


def test_the_order_is_that_of_the_names(write, monkeypatch):
    folder = write({f"{name}.png": "x" for name in "dbca"})
    scandir, expected = os.scandir, [f"{name}.png" for name in "abcd"]

    class Backwards:
        def __init__(self, path):
            with scandir(path) as entries:
                self.entries = sorted(entries, key=lambda entry: entry.name, reverse=True)

        def __enter__(self):
            return self.entries

        def __exit__(self, *_):
            pass

    assert [case.path for case in list_cases(folder).cases] == expected
    monkeypatch.setattr("explainers.audit.cases.files.os.scandir", Backwards)
    assert [case.path for case in list_cases(folder).cases] == expected


def test_a_table_gives_labels_and_boxes(write):
    table = "path;label;x;y;width;height\nb.png;dog;1;2;3;4\nsub\\a.png; ;;;;\n./b.png;cat;1;1;1;1\n"
    folder = write({"cases.csv": table, "b.png": "bb", "sub/a.png": "aaa", "other.png": "o"})
    listing = list_cases(folder / "cases.csv")
    assert listing.cases == (
        Case("b.png", "cat", (1, 1, 2, 2), 2),
        Case("b.png", "dog", (1, 2, 4, 6), 2),
        Case("sub/a.png", None, None, 3),
    )
    assert listing.notes == ("3 rows of tables speak of 2 pictures; each row is a case of its own.",)


def test_boxes_come_from_a_second_table_and_belong_to_what_both_tables_say(write):
    labels = "file\timagenet_index\tlabel\na.png\t7\tcat\nb.png\t8\tdog\nc.png\t\t\n"
    boxes = "file\timagenet_index\tleft\ttop\tright\tbottom\n"
    boxes += "a.png\t7\t1\t2\t3\t4\na.png\t9\t0\t0\t1\t1\nb.png\t8\t0\t0\t9\t9\n"
    folder = write(dict.fromkeys(HERE, "x") | {"labels.tsv": labels, "boxes.tsv": boxes})
    assert listed(folder / "labels.tsv", boxes=folder / "boxes.tsv") == [
        ("a.png", "cat", (1, 2, 3, 4)),
        ("b.png", "dog", (0, 0, 9, 9)),
        ("c.png", None, None),
    ]
    assert (
        "1 box of no listed picture and class left out: a.png."
        in list_cases(folder / "labels.tsv", boxes=folder / "boxes.tsv").notes
    )
    assert listed(folder, boxes=folder / "boxes.tsv")[:2] == [
        ("a.png", None, (0, 0, 1, 1)),
        ("a.png", None, (1, 2, 3, 4)),
    ]
    with pytest.raises(ExplanationError, match="no columns of boxes"):
        list_cases(folder, boxes=folder / "labels.tsv")


def test_a_box_without_an_area_is_none_and_shares_are_refused(write):
    head = "file,left,top,right,bottom\n"
    folder = write(
        {
            "a.png": "x",
            "odd.csv": f"{head}a.png,5,1,5,9\na.png,1,2,nan,4\na.png,a,b,c,d\na.png,1,2,3,\n",
            "shares.csv": f"{head}a.png,0.1,0.2,0.3,0.4\n",
        }
    )
    listing = list_cases(folder / "odd.csv")
    assert [case.box for case in listing.cases] == [None]
    assert "4 boxes without an area left out: a.png, a.png, a.png and 1 more." in listing.notes
    with pytest.raises(ExplanationError, match="in pixels of the upright photo"):
        list_cases(folder / "shares.csv")


@pytest.mark.parametrize("name", ["metadata.csv", "metadata.jsonl"])
def test_an_image_folder_of_hugging_faces_has_its_labels_in_its_metadata(write, packed, name):
    rows = {
        "metadata.csv": ("file_name,label\n1.png,cat\n", "file_name,label\nin/2.png,dog\n9.png,dog\n"),
        "metadata.jsonl": (
            '{"file_name": "1.png", "label": "cat"}\n',
            '{"file_name": "in/2.png", "label": "dog"}\n{"file_name": "9.png", "label": "dog"}\n',
        ),
    }[name]
    files = {"train/1.png": "a", "test/in/2.png": "b", "test/3.png": "c"}
    files |= {f"train/{name}": rows[0], f"test/{name}": rows[1]}
    for source in (write(files), packed(files)):
        assert listed(source) == [
            ("test/9.png", "dog", None),
            ("test/in/2.png", "dog", None),
            ("train/1.png", "cat", None),
        ]
        assert list_cases(source).notes == (
            "1 picture is left out, because no table names them: test/3.png.",
            "1 picture is missing: test/9.png.",
        )


@pytest.mark.parametrize("top", ["", "set/"])
def test_a_zip_archive_is_read_like_the_folder_that_was_packed(packed, png, top):
    folders = packed({f"{top}cat/1.png": png(1), f"{top}dog/2.png": png(2), "__MACOSX/cat/1.png": "no"})
    listing = list_cases(folders)
    assert [(case.path, case.label) for case in listing.cases] == [
        (f"{top}cat/1.png", "cat"),
        (f"{top}dog/2.png", "dog"),
    ]
    assert [read(listing.source, case) for case in listing.cases] == [png(1), png(2)]
    table = packed({f"{top}cases.csv": "path,label\nx/1.png,cat\n", f"{top}x/1.png": png(1)}, "table.zip")
    assert listed(table) == [(f"{top}x/1.png", "cat", None)]


def test_tables_that_are_not_read_are_named(write, packed):
    files = {"a.png": "x", "labels.tsv": "path\tlabel\na.png\tcat\n", "boxes.tsv": "path\n"}
    for source in (write(files), packed(files)):
        assert listed(source) == [("a.png", None, None)]
        said = "Classes and boxes aren't taken from boxes.tsv, labels.tsv: that needs to be given as the source."
        assert list_cases(source).notes == (said,)


def test_files_that_are_missing_or_change_are_refused_one_by_one(write, packed):
    folder = write({"cases.csv": "path\na.png\nb.png\nc.png\n", "a.png": "aaa", "b.png": "bbb"})
    listing = list_cases(folder / "cases.csv")
    assert listing.notes == ("1 picture is missing: c.png.",)
    (folder / "a.png").write_text("aaaa")
    (folder / "b.png").unlink()
    said = [reason(listing.source, case) for case in listing.cases]
    assert said == [
        "The file has changed since the pictures were listed: it had 3 bytes, and has 4.",
        "There is no such file.",
        "There is no such file.",
    ]
    zipped = packed({"a.png": "aaa"})
    case = list_cases(zipped).cases[0]
    packed({"a.png": "aaaa", "b.png": "b"})
    assert "it had 3 bytes" in reason(zipped, case)


def reason(source, case):
    with pytest.raises(ExplanationError) as refusal:
        read(source, case)
    assert not isinstance(refusal.value, LostSourceError)
    return str(refusal.value)


def test_a_source_that_is_gone_is_no_fault_of_its_pictures(write, tmp_path):
    folder = write({"a.png": "x"})
    case = list_cases(folder).cases[0]
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(LostSourceError, match="isn't there"):
        read(folder, case)


def test_nothing_outside_the_folder_is_read(write, tmp_path):
    secret = write({"secret.png": "secret"}, "private") / "secret.png"
    folder = write({"in.png": "in"})
    (folder / "link.png").symlink_to(secret)
    (folder / "inside.png").symlink_to(folder / "in.png")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    (folder / "away").symlink_to(secret.parent)
    os.mkfifo(folder / "pipe.png")
    paths = [
        "../private/secret.png",
        str(secret),
        "x/../../private/secret.png",
        "away/secret.png",
        "link.png",
        "loop.png",
    ]
    paths += ["pipe.png", "a\0b.png", "inside.png", str(folder / "in.png"), "x/../in.png", "https://example.org/1.png"]
    (folder / "cases.csv").write_text("path\n" + "\n".join(paths))
    listing = list_cases(folder / "cases.csv")
    good = {"inside.png", "in.png"}
    assert {case.path for case in listing.cases if case.path in good} == good
    assert "2 pictures are outside the folder" in listing.notes[0]
    for case in listing.cases:
        if case.path in good:
            assert read(listing.source, case) == b"in"
        else:
            assert "secret" not in reason(listing.source, case).replace("secret.png", "")
    assert listed(folder) == [(name, None, None) for name in ("in.png", "inside.png", "link.png", "loop.png")]
    (folder / "cases.csv").unlink()
    assert list_cases(folder).notes == ("Links to folders aren't followed: away.", "1 picture is missing: loop.png.")


def test_a_table_of_absolute_paths_is_read_once_the_folder_is_named(write):
    folder = write({"in/a.png": "a"})
    table = write({"cases.csv": f"path\n{folder}/in/a.png\n"}, "tables") / "cases.csv"
    assert "outside" in list_cases(table).notes[0]
    listing = list_cases(table, pictures=folder)
    assert (listing.source, [case.path for case in listing.cases]) == (folder.resolve(), ["in/a.png"])
    with pytest.raises(ExplanationError, match="for a table only"):
        list_cases(folder, pictures=folder)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["../out.png"], "lies outside of its folder"),
        (["/etc/out.png"], "lies outside of its folder"),
        (["a.png", "a.png"], "is there twice"),
        (["a/" * 9 + "a.png"], "lies in too many folders"),
    ],
)
def test_a_strange_zip_archive_is_refused(tmp_path, names, said):
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(tmp_path / "odd.zip", "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    with pytest.raises(ExplanationError, match=said):
        list_cases(tmp_path / "odd.zip")


def test_a_zip_archive_that_is_locked_cut_or_a_bomb_costs_nothing(packed, tmp_path):
    bomb = packed({"big.png": bytes(30 * 10**6), "a.png": "fine"})
    listing = list_cases(bomb)
    assert "up to 20 MB are read" in reason(bomb, listing.cases[1])
    assert read(bomb, listing.cases[0]) == b"fine"
    lying = packed({"big.png": bytes(30 * 10**6)}, "lying.zip")
    lying.write_bytes(lying.read_bytes().replace(struct.pack("<I", 30 * 10**6), struct.pack("<I", 1000)))
    assert reason(lying, list_cases(lying).cases[0]) == "The file is damaged in its zip archive."
    locked = packed({"a.png": "x"}, "locked.zip")
    data = bytearray(locked.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    locked.write_bytes(data)
    with pytest.raises(ExplanationError, match="is encrypted"):
        list_cases(locked)
    (cut := tmp_path / "cut.zip").write_bytes(bomb.read_bytes()[:-30])
    with pytest.raises(ExplanationError, match="damaged or cut short"):
        list_cases(cut)


def test_names_that_are_no_text_are_counted_and_left_out(write):
    folder = write({"a.png": "a"})
    with open(os.path.join(os.fsencode(folder), b"bad\xff.png"), "wb") as file:
        file.write(b"x")
    listing = list_cases(folder)
    assert [case.path for case in listing.cases] == ["a.png"]
    assert listing.notes == ("1 file or folder with names that aren't UTF-8 left out.",)


@pytest.mark.parametrize(
    ("files", "source", "said"),
    [
        ({"notes.txt": "x"}, "", "holds no picture"),
        ({"cases.csv": "path,label\n"}, "cases.csv", "no column of paths"),
        ({"cases.csv": "path,label\n,cat\n"}, "cases.csv", "holds no picture"),
        ({"picture.png": "x"}, "picture.png", "neither a folder nor a zip archive"),
        ({"a.zip": "x"}, "a.zip", "damaged or cut short"),
        ({"a.png": "x"}, "b", "isn't there"),
    ],
)
def test_a_source_without_pictures_is_refused(write, files, source, said):
    with pytest.raises(ExplanationError, match=said):
        list_cases(write(files) / source)


def test_a_folder_whose_name_is_no_text_is_refused(tmp_path, png):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/pictures\xff")
    try:
        os.mkdir(folder)
    except OSError:
        pytest.skip("This disk takes no such names.")
    Path(folder, "1.png").write_bytes(png(1))
    with pytest.raises(ExplanationError, match="has a name that isn't UTF-8"):
        list_cases(Path(folder))


def test_a_source_that_no_file_can_be_called_is_lost():
    with pytest.raises(LostSourceError, match="isn't there"):
        read("x" * 10_000, Case("1.png"))
