"""The README: short, and true where a test can tell."""

import re
from pathlib import Path

import pytest

from explainers import EXPLAINERS
from explainers.images.samples import SAMPLES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "explainers/methods/ablation_cam.py"  # of "How to add a method"
ENVIRONMENT = "python3 -m venv .venv && "
PATH = re.compile(r"[\w.-]+/|([\w.-]+/)+[\w.-]*|[\w-]+\.(py|md|txt|png)")


def blocks(language, text=README):
    """What stands in the code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def section(title):
    """What stands under a heading."""
    return README.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def quoted(text):
    """What looks like a path among the words in backticks outside of code blocks."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return {word for word in re.findall(r"`([^`]+)`", prose) if PATH.fullmatch(word)}


def test_it_is_short():
    assert len(README.splitlines()) <= 150


def test_it_has_two_commands_of_one_line_that_make_their_environment():
    start, test = blocks("sh")
    for command in (start, test):
        assert command.startswith(ENVIRONMENT)
        assert command.count("\n") == 1
    for file in re.findall(r"-r (\S+)|run (\S+)", start + test):
        assert (ROOT / "".join(file)).is_file()


def test_continuous_integration_runs_its_test_command():
    assert (ROOT / ".ci/run").read_text(encoding="utf-8").endswith(f"\n{blocks('sh')[1]}")


def test_the_python_it_shows_runs(tmp_path, monkeypatch, capsys):
    (tmp_path / "photo.jpg").write_bytes(SAMPLES[0].data)
    monkeypatch.chdir(tmp_path)
    snippet = blocks("python", section("As a library"))[0]
    exec(compile(snippet, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("espresso ")


def test_the_python_about_saving_runs(tmp_path, monkeypatch):
    for number, name in enumerate(("photo.jpg", "other.jpg")):
        (tmp_path / name).write_bytes(SAMPLES[number].data)
    monkeypatch.chdir(tmp_path)
    codes = blocks("python", (ROOT / "docs/take-away.md").read_text(encoding="utf-8"))
    exec(compile("\n".join(codes), "take-away.md", "exec"), {})
    assert (tmp_path / "out/photo/overlay.png").is_file()
    assert "2 of 2 maps" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(quoted(README) - {EXAMPLE.relative_to(ROOT).as_posix()}))
def test_a_path_that_it_names_is_there(path):
    whole = "/" in path or (ROOT / path).exists()
    assert (ROOT / path).exists() if whole else [*ROOT.glob(f"explainers/**/{path}")]


@pytest.mark.parametrize("path", re.findall(r"\]\((?!https?:)([^)#]+)\)", README))
def test_what_it_links_to_is_there(path):
    assert (ROOT / path).is_file()


def test_it_says_where_every_folder_is():
    folders = {path.parent for top in ("explainers", "pages", "tools") for path in ROOT.glob(f"{top}/*/*.py")}
    folders |= {path.parent for path in ROOT.glob("pages/sections/*/*.py")}
    named = quoted(section("Where things are"))
    assert {f"{folder.relative_to(ROOT).as_posix()}/" for folder in folders} - named == set()


def test_it_names_what_is_to_be_changed():
    rows = re.findall(r"^\| [^`|]+ \| `([\w/]+\.py)`: (.+) \|$", section("Where things are"), re.MULTILINE)
    assert len(rows) == 6
    for path, words in rows:
        for name in re.findall(r"`(?:\w+\.)?(\w+)`", words):
            made = re.compile(rf"^ *(def {name}\b|{name} = )", re.MULTILINE)
            assert made.search((ROOT / path).read_text(encoding="utf-8")), name


def test_the_method_it_shows_is_a_real_one():
    if not EXAMPLE.is_file():
        pytest.skip(f"{EXAMPLE.name} is not there yet")
    how = section("How to add a method")
    lines = {line.strip() for line in blocks("python", how)[0].splitlines()} - {"", "..."}
    assert lines <= {line.strip() for line in EXAMPLE.read_text(encoding="utf-8").splitlines()}
    (word,) = re.findall(r'`"(\w+\.\w+)"`', how)
    assert f'    "{word}",\n' in (ROOT / "explainers/methods/__init__.py").read_text(encoding="utf-8")
    assert word in {f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}" for kind in EXPLAINERS}
