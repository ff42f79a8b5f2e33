"""What an assessor asks under the EU AI Act, Regulation (EU) 2024/1689, and where a report answers it, or doesn't.

Declared as data. What Whypixel can't know, such as the intended purpose, is left for the provider to fill in.
"""

from __future__ import annotations

from dataclasses import dataclass

NOT_LEGAL_ADVICE = (
    "This table shows where the report may help somebody who assesses a high-risk system. It isn't legal advice, nor "
    "a statement that a system is high-risk or that it conforms. A map explains one answer of a classifier; it is "
    "never the whole of what an article asks."
)
DATES = (
    "When the articles apply: Regulation (EU) 2026/1744 moved the duties of Annex III systems, those of Article 13 "
    "among them, to 2 December 2027, and those of Annex I systems to 2 August 2028. Many read Article 86 as applying "
    "since 2 August 2026. Ask a lawyer what applies to your system."
)
ANSWER, CHECK, TESTS, LIMITS = "prediction", "check", "tests", "limits"
COMPUTED, CARD = "computed", "model-card"
PARTS = {  # of a report, with their headings, by the names of their places
    ANSWER: "What the classifier predicts",
    CHECK: "Check",
    TESTS: "Can the map be trusted?",
    LIMITS: "What a map can't say",
    COMPUTED: "How it was computed",
    CARD: "Model card",
}
OF_EACH_RESULT = (ANSWER, CHECK, TESTS)


@dataclass(frozen=True)
class Requirement:
    """Something that an article asks for.

    article: where it is asked.
    asks:    what is asked, in few words.
    parts:   the parts of a report that speak of it, of PARTS; none: it isn't in this report.
    stands:  what they say of it, and what they don't.
    to_fill: what the provider is to write; empty: nothing.
    """

    article: str
    asks: str
    parts: tuple[str, ...] = ()
    stands: str = ""
    to_fill: str = ""


REQUIREMENTS = (
    Requirement("Art. 13(3)(b)(i)", "The intended purpose", to_fill="the intended purpose"),
    Requirement(
        "Art. 13(3)(b)(ii)",
        "The level of accuracy, with its metrics, robustness and cybersecurity, and what may affect it",
        (ANSWER, TESTS, CARD),
        "The answers to these pictures, what tests found of the maps, and the accuracy as published, where it is "
        "known. The report measures no accuracy and says nothing about cybersecurity.",
        "the level of accuracy that can be expected in this use",
    ),
    Requirement(
        "Art. 13(3)(b)(iii)",
        "Circumstances of use, or foreseeable misuse, that may lead to risks",
        (LIMITS,),
        "How a map can be misread. The report says nothing about other risks.",
        "known and foreseeable risks",
    ),
    Requirement(
        "Art. 13(3)(b)(iv)",
        "What the system can provide to explain its output",
        (ANSWER, CHECK, TESTS, COMPUTED),
        "Maps of the pixels behind an answer, with the method, a check against the score, and experiments that could "
        "have proved the map wrong, where they were run.",
    ),
    Requirement(
        "Art. 13(3)(b)(v)",
        "The performance for persons or groups of persons",
        to_fill="the performance for each group",
    ),
    Requirement(
        "Art. 13(3)(b)(vi)",
        "Specifications of the input data; the training, validation and testing data",
        (CARD, COMPUTED),
        "The input size and the preprocessing. Whypixel knows nothing about the data sets.",
        "the data sets",
    ),
    Requirement(
        "Art. 13(3)(b)(vii)",
        "What deployers need to interpret the output and use it appropriately",
        (ANSWER, LIMITS),
        "How to read a map, and what it can't say.",
    ),
    Requirement(
        "Art. 86(1)",
        "For a person affected by a decision: the role of the system in it, and the main elements of the decision",
        (ANSWER, TESTS),
        "Which parts of the picture moved the classifier's answer, if the map can be trusted. Only the deployer knows "
        "what the answer meant for the decision.",
        "the role of the system in the decision",
    ),
    Requirement(
        "Annex IV 2(a)",
        "How the system was developed; the use of pre-trained systems and third-party tools",
        (COMPUTED, CARD),
        "The hash of the weights and, where it is known, the name under which they are published; the versions of the "
        "packages that the maps depend on.",
        "the steps of development",
    ),
    Requirement(
        "Annex IV 2(b)",
        "The design: general logic, key choices, classification choices, what it is optimised for",
        (CARD,),
        "The classes, the input and the kind of output.",
        "the reasons for the design",
    ),
    Requirement("Annex IV 2(c)", "The architecture, and the computing resources", to_fill="the architecture"),
    Requirement("Annex IV 2(d)", "The data: provenance, selection, labelling, cleaning", to_fill="the data sheets"),
    Requirement(
        "Annex IV 2(e)",
        "Human oversight, and technical measures that help to interpret the output",
        (ANSWER, CHECK, TESTS, LIMITS),
        "The maps with their proof are such a measure. Who looks at them, and what they may do then, isn't in this "
        "report.",
        "the measures of human oversight",
    ),
    Requirement("Annex IV 2(f)", "Changes determined in advance", to_fill="any such changes"),
    Requirement(
        "Annex IV 2(g)",
        "Validation and testing: data, metrics, discriminatory impacts, test logs, dated and signed",
        (TESTS, COMPUTED),
        "The experiments on these maps, where they were run, with settings and hashes by which a map can be computed "
        "again. They test the maps, not the classifier.",
        "the tests of the classifier, their date and signature",
    ),
    Requirement("Annex IV 2(h)", "Cybersecurity measures", to_fill="the cybersecurity measures"),
)
