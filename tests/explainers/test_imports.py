"""The architecture as a test: who may import and name what."""

import ast
from functools import lru_cache
from pathlib import Path

import pytest

from explainers import EXPLAINERS

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*ROOT.glob("*.py"), *ROOT.glob("explainers/**/*.py"), *ROOT.glob("pages/**/*.py")])
TESTS = sorted(ROOT.glob("tests/**/*.py"))

ALLOWED = {  # package: where it may be imported
    "streamlit": ("dashboard.py", "pages/", "explainers/serving/server.py"),
    "captum": ("explainers/",),
    "plotly": ("explainers/figures/",),
    "pages": ("dashboard.py", "pages/"),
}
OWNED = {  # name of Streamlit's: the one module that spells it
    "session_state": "pages/shared/state.py",
    "query_params": "pages/shared/state.py",
    "cache_data": "pages/shared/jobs.py",
    "cache_resource": "pages/shared/jobs.py",
}

FLOORS = (  # from the ground up: a module imports from its own wing and from the floors below it alone
    ("errors", "arrays", "glossary", "importing", "interruption", "markdown", "numbers", "processes", "spreadsheets"),
    ("images", "runtime", "settings", "typed_json"),
    ("classifiers", "paths"),
    ("explanation",),
    ("passes", "question", "declarations"),
    ("verification",),
    ("explainer",),
    ("methods", "experiments", "proof", "check", "several", "likeliest"),
    ("figures", "comparison", "audit"),
    ("report",),
    ("reviews", "lessons"),
    ("command_line", "serving"),
    ("__main__",),
)
LEVELS = {wing: level for level, wings in enumerate(FLOORS) for wing in wings}

every_source = pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())


@lru_cache(maxsize=1)  # a test asks several things of the same source
def nodes(source):
    return [*ast.walk(ast.parse(source))]


def imported(source, package=""):
    """Dotted names of everything a source imports; `package` is its own, for relative imports."""
    for node in nodes(source):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def spelled(source):
    """Every identifier of a source, attributes and imported names too."""
    for node in nodes(source):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (part for alias in names for part in alias.name.split("."))


def within(path, places):
    return any(path == place or (place.endswith("/") and path.startswith(place)) for place in places)


def breaches(path, source):
    """What a source at `path` does that the architecture forbids."""
    package = ".".join(path.split("/")[:-1])
    for name in imported(source, package):
        top, *below = name.split(".")
        if top in ALLOWED and not within(path, ALLOWED[top]):
            yield f"imports {top}"
        if top == "dashboard" or (top == "pages" and below[:1] not in (["shared"], ["sections"])):
            yield f"imports the page {name}"
        if top == "tests":
            yield "imports tests"
    yield from (f"names {name}" for name in {*spelled(source)} & OWNED.keys() if OWNED[name] != path)


@every_source
def test_sources_keep_to_the_architecture(path):
    assert list(breaches(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))) == []


def wing(name):
    """The wing of `explainers` that a dotted name belongs to; None outside of it, and for the public face itself."""
    top, _, below = name.partition(".")
    return below.partition(".")[0] if top == "explainers" and below.partition(".")[0] in LEVELS else None


def climbs(path, source):
    """What a module of `explainers` imports that isn't below it. An import for type checkers only counts like any."""
    own = wing(path.removesuffix(".py").replace("/", "."))
    for name in imported(source, ".".join(path.split("/")[:-1])):
        other = wing(name)
        if own and name.partition(".")[0] == "explainers" and other is None:
            yield f"{own} imports the public face: {name}"
        elif own and other and other != own and LEVELS[other] >= LEVELS[own]:
            yield f"{own} imports {other}"


@every_source
def test_imports_go_down(path):
    assert list(climbs(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))) == []


def test_every_module_has_a_floor():
    rooms = {path.name.removesuffix(".py") for path in (ROOT / "explainers").iterdir() if path.suffix in ("", ".py")}
    assert rooms - {"__init__", "__pycache__"} == {*LEVELS}


@pytest.mark.parametrize(
    ("path", "source", "climb"),
    [
        ("explainers/explanation.py", "from explainers.passes import Passes", "explanation imports passes"),
        ("explainers/paths/trace.py", "from explainers.explanation import Target", "paths imports explanation"),
        ("explainers/methods/rise.py", "from explainers import proof", "methods imports proof"),
        ("explainers/passes.py", "from explainers import Target", "passes imports the public face: explainers.Target"),
        (
            "explainers/explanation.py",
            "if TYPE_CHECKING:\n    from explainers.explainer import Explainer",
            "explanation imports explainer",
        ),
        ("explainers/runtime/turns.py", "def f():\n    import explainers.images.photo", "runtime imports images"),
    ],
)
def test_a_climb_would_be_found(path, source, climb):
    assert list(climbs(path, source)) == [climb]


def circles(graph):
    """The modules that reach themselves by imports."""
    reached = {module: {*targets} for module, targets in graph.items()}
    for _ in graph:
        more = {m: targets.union(*(reached.get(t, ()) for t in targets)) for m, targets in reached.items()}
        if more == reached:
            break
        reached = more
    return {module for module, targets in reached.items() if module in targets}


def test_no_module_reaches_itself():
    files = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in SOURCES}
    graph = {}
    for module, path in files.items():
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        names = imported(path.read_text(encoding="utf-8"), package)
        graph[module] = {name if name in files else name.rpartition(".")[0] for name in names} & files.keys()
    assert circles(graph) == set()
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == {"b", "c"}


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_tests_import_no_page_script(path):
    found = breaches(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    assert [breach for breach in found if "page" in breach.split()] == []


@pytest.mark.parametrize(
    ("path", "source", "breach"),
    [
        ("explainers/explainer.py", "import streamlit as st", "imports streamlit"),
        ("explainers/classifiers/view.py", "def f():\n    from streamlit import cache", "imports streamlit"),
        ("pages/shared/work.py", "from captum.attr import Saliency", "imports captum"),
        ("pages/learn.py", "import plotly.graph_objects as go", "imports plotly"),
        ("explainers/experiments/similarity.py", "import plotly", "imports plotly"),
        ("explainers/explainer.py", "from pages.shared.state import setting", "imports pages"),
        ("pages/shared/frame.py", "from pages.compare import draw", "imports the page pages.compare.draw"),
        ("pages/trust.py", "from pages import compare", "imports the page pages.compare"),
        ("pages/trust.py", "from . import compare", "imports the page pages.compare"),
        ("pages/trust.py", "from .compare import draw", "imports the page pages.compare.draw"),
        ("pages/shared/frame.py", "from .. import compare", "imports the page pages.compare"),
        ("pages/shared/frame.py", "import dashboard", "imports the page dashboard"),
        ("pages/trust.py", "import tests.conftest", "imports tests"),
        ("pages/trust.py", "import streamlit as st\nst.session_state['x'] = 1", "names session_state"),
        ("dashboard.py", "from streamlit import session_state as s", "names session_state"),
        ("pages/shared/controls.py", "st.query_params.clear()", "names query_params"),
        ("pages/trust.py", "@st.cache_data\ndef f(): ...", "names cache_data"),
        ("pages/shared/state.py", "@st.cache_resource(max_entries=2)\ndef f(): ...", "names cache_resource"),
    ],
)
def test_a_breach_would_be_found(path, source, breach):
    assert breach in list(breaches(path, source))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("dashboard.py", "import streamlit as st\nfrom pages.shared.frame import frame\nfrom explainers import Target"),
        ("pages/shared/frame.py", "from . import state\nfrom .state import setting\nimport streamlit"),
        ("pages/shared/state.py", "import streamlit as st\nst.session_state, st.query_params"),
        ("pages/shared/jobs.py", "import streamlit as st\n@st.cache_resource\ndef f(): ..."),
        ("explainers/figures/map.py", "import plotly.graph_objects as go"),
        ("explainers/settings.py", "from functools import cache, cached_property"),
    ],
)
def test_what_is_allowed_passes(path, source):
    assert list(breaches(path, source)) == []


REGISTRY_WIDE = (
    ROOT / "tests/explainers/methods/test_contract.py",
    ROOT / "tests/conftest.py",
    *ROOT.glob("explainers/comparison/*.py"),
    *ROOT.glob("pages/**/*.py"),
    ROOT / "dashboard.py",
)
KINDS = {kind.__name__ for kind in EXPLAINERS}


def methods_named(source):
    """The methods whose class names a source spells, in code or as a text of its own."""
    texts = {node.value for node in nodes(source) if isinstance(node, ast.Constant)}
    return KINDS & {*spelled(source), *(text for text in texts if isinstance(text, str))}


@pytest.mark.parametrize("path", REGISTRY_WIDE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_speaks_of_all_methods_names_none(path):
    assert methods_named(path.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize(
    "source",
    [
        "from explainers import GradCAM",
        "kinds = {'GradCAM': 1}",
        "x = explainers.GradCAM()",
        "if kind.__name__ == 'GradCAM': pass",
        "from explainers.methods.grad_cam import GradCAM as Method",
    ],
)
def test_a_method_that_is_named_would_be_found(source):
    assert methods_named(source) == {"GradCAM"}


def test_there_is_something_to_check():
    assert {path.name for path in SOURCES} >= {"explainer.py", "integrated_gradients.py", "passes.py"}
