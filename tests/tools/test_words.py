"""The list of texts for visitors: all that they may read, and none of what only the code reads."""

from tools import words

SOURCE = '''"""A module."""

class Method(Explainer):
    """What it shows.

    What to know
    about it.
    """

    title: ClassVar[str] = "Vanilla gradient"
    ours: ClassVar[str] = "for the documentation"
    steps: int = number(5, hint="Points on the path.")

    def check(self, count: "a type in words"):
        """What the code does."""
        if self.kind == "a kind of map":
            raise ExplanationError(f"{self.title} needs {count} layers " "or more.")
        raise ValueError("a mistake of ours")

st.selectbox("Method", options, key="the key", help="How " + asked + " it is.", on_change=forget)
st.html(f'<div class="tile-line">Two words</div>{rest}')
look = {"colour scale": "RdBu_r", "name": "inside top"}
'''


def texts(source, path=""):
    return [text for _, text in words.words(source, path)]


def test_texts_for_visitors_are_listed_and_those_for_the_code_are_not():
    assert texts(SOURCE) == [
        "What it shows.",
        "What to know about it.",
        "Vanilla gradient",
        "Points on the path.",
        "{…} needs {…} layers or more.",
        "Method",
        "How {…} it is.",
        '<div class="tile-line">Two words</div>{…}',
        "colour scale",
    ]


def test_each_has_its_line():
    assert list(words.words('x = 1\nst.title(\n    "How is it?"\n)')) == [(3, "How is it?")]


def test_a_script_in_the_browser_has_texts_too():
    script = 'button.textContent = paused ? "Blink" : "Pause"\nchart.on("plotly_hover", hover)'
    assert texts(script, "linked.js") == ["Blink", "Pause"]


def test_the_whole_list_has_what_pages_methods_and_errors_say(capsys):
    words.main()
    listed = capsys.readouterr().out
    for text in ("Try again", "Vanilla gradient", "How strongly the score reacts", "The file is empty.", "Pause"):
        assert text in listed
    for text in ("compare-view", "Captum has none", "st-key", "utf-8", "rgba("):
        assert text not in listed
