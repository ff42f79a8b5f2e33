"""The bars of the likeliest classes, which can be clicked."""

from explainers import Prediction
from explainers.figures import answer

LIKELY = [Prediction(7, "cat", 0.625, 3.5), Prediction(3, "dog", 0.25, 2.5), Prediction(9, "cow", 0.125, 1.5)]


def test_the_likeliest_class_is_on_top():
    figure = answer(LIKELY, 7)
    track, bars, words = figure.data
    assert track.y == bars.y == words.y == ("cow", "dog", "cat")  # drawn upwards
    assert bars.x == (0.125, 0.25, 0.625)
    assert words.text == ("cow  12.5%", "dog  25.0%", "cat  62.5%")


def test_only_the_chosen_class_is_in_colour():
    for chosen, row in ((9, 0), (3, 1), (7, 2)):
        colours = answer(LIKELY, chosen).data[1].marker.color
        assert [colours.count(colour) == 1 for colour in colours] == [place == row for place in range(3)]
    assert len(set(answer(LIKELY, 0).data[1].marker.color)) == 1


def test_every_row_can_be_clicked_on_its_whole_length():
    figure = answer(LIKELY, 7)
    assert figure.data[0].x == (1, 1, 1)
    assert tuple(figure.layout.xaxis.range) == (0, 1)
    assert figure.data[0].hoverinfo == "none"  # "skip" would not hear clicks


def test_words_have_no_colour_of_their_own():
    assert answer(LIKELY, 7).data[2].textfont.color is None


def test_signs_in_labels_are_no_markup():
    assert answer([Prediction(0, "<b>x</b> & y", 1.0, 2.0)], 0).data[2].text == (
        "&lt;b&gt;x&lt;/b&gt; &amp; y  100.0%",
    )
