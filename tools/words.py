"""Every text that visitors may see, made from the code, one a line with its place: to be read from beginning to end.

python -m tools.words                   prints the list
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = ("dashboard.py", "pages/**/*.py", "pages/**/*.js", "explainers/**/*.py")
PLACEHOLDER = "{…}"  # for what a text is filled with

# Calls whose texts no visitor sees: errors of our own making, regular expressions, plumbing.
UNSEEN_CALLS = {
    "ValueError", "TypeError", "KeyError", "RuntimeError", "NotImplementedError", "AssertionError", "Literal", "cast",
    "compile", "sub", "search", "match", "fullmatch", "split", "rpartition", "partition", "replace", "removeprefix",
    "getattr", "hasattr", "import_module", "version", "find_spec", "with_name", "strftime", "setting", "recall",
    "remember", "value", "widget", "named", "place", "startswith", "endswith", "warning_filter", "filterwarnings",
}  # fmt: skip
UNSEEN_ARGUMENTS = {"key", "encoding", "name", "dtype", "mode", "ours", "stands_on"}
UNSEEN_VARIABLES = {"__all__", "ours", "stands_on"}  # what a method stands on is for the documentation
WORD = re.compile(r"[A-Za-z][a-z']+")
NAME = re.compile(r"[_=()\[\]]|^[./#%]|\w[.:/]\w|^[a-z]+-[a-z]")  # in a text of a single word
CODE = re.compile(
    r"--\w|[;{] *$|^ *[.:@\[%]|\w=\"|://|\b(?:domain|unified|inside|middle) \w+$|\(\?|, \.|\w\(\w|\bimport sys"
)
SCRIPT_TEXT = re.compile(r'(?<=")[^"\n]+(?=")')


def words(source: str, path: str = "") -> Iterator[tuple[int, str]]:
    """Return the texts in a source, each with its line."""
    if path.endswith(".js"):
        for number, line in enumerate(source.splitlines(), 1):
            yield from ((number, text) for text in SCRIPT_TEXT.findall(line) if _is_for_people(text))
        return
    seen: dict[tuple[int, str], None] = {}
    for node, text in _texts(ast.parse(source)):
        if _is_for_people(text):
            seen[node.lineno, " ".join(text.split())] = None
    yield from sorted(seen, key=lambda each: each[0])


def _texts(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Return the texts below a node in whole, with a placeholder for each value that they are filled with."""
    if isinstance(node, ast.ClassDef) and (shown := _shown_docstring(node)):
        for paragraph in shown[1].split("\n\n"):
            yield shown[0], paragraph
    if isinstance(node, ast.expr) and (text := _joined(node)) is not None:
        yield node, text
        return
    for child in _children(node):
        yield from _texts(child)


def _joined(node: ast.expr) -> str | None:
    """Return the text of a literal, also of several that are put together; None if it is none."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_joined(part) or PLACEHOLDER for part in parts)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            one, other = _joined(left), _joined(right)
            if one is not None or other is not None:
                return (PLACEHOLDER if one is None else one) + (PLACEHOLDER if other is None else other)
    return None


def _children(node: ast.AST) -> Iterator[ast.AST]:
    """Return the nodes below that may hold texts for visitors."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Compare() | ast.match_case(pattern=ast.MatchValue(), body=[]):
            return
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in UNSEEN_CALLS:
            return
        case ast.keyword(arg=name) if name in UNSEEN_ARGUMENTS:
            return
        case ast.Subscript(value=value):
            yield value
        case ast.match_case(guard=_, body=body):
            yield from body
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)) if (
            name in UNSEEN_VARIABLES
        ):
            return
        case ast.AnnAssign(value=value):
            yield from [value] if value else []
        case ast.FunctionDef(args=args, body=body):
            yield from (*args.defaults, *filter(None, args.kw_defaults), *body)
        case _:
            yield from ast.iter_child_nodes(node)


def _shown_docstring(node: ast.ClassDef) -> tuple[ast.expr, str] | None:
    """Return the docstring of a method or an experiment: a class with a title, whose pages show it."""
    titled = False
    for part in node.body:
        match part:
            case (
                ast.Assign(targets=[ast.Name(id="title")], value=ast.Constant(value=str()))
                | ast.AnnAssign(target=ast.Name(id="title"), value=ast.Constant(value=str()))
            ):
                titled = True
    match node.body[0]:
        case ast.Expr(value=ast.Constant(value=str(text)) as first) if titled:
            return first, text
    return None


def _is_for_people(text: str) -> bool:
    """Whether a text is one or more words, and not a name or code."""
    text = re.sub(r"<[^>]*>", " ", text).strip()
    if not WORD.search(text):
        return False
    if " " in text:
        return not CODE.search(text.replace(PLACEHOLDER, "x"))
    return text[0].isupper() and not NAME.search(text)


def main() -> None:
    for pattern in SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            name = path.relative_to(ROOT).as_posix()
            for line, text in words(path.read_text(encoding="utf-8"), name):
                print(f"{name}:{line}: {text}")


if __name__ == "__main__":
    main()
