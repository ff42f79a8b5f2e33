"""The figure that is moved along the path."""

import numpy as np
import pytest

from explainers import IntegratedGradients, Target
from explainers.figures import Look, path
from explainers.methods.path_record import record_path
from explainers.paths.snapshots import Snapshots


def test_most_explanations_have_no_path(explanation, ramp):
    snapshots = Snapshots(np.array([0.0, 1.0]), *2 * [np.stack([ramp, ramp])])
    with pytest.raises(ValueError, match="no path"):
        path(explanation(ramp), snapshots, Look())


def test_the_path_of_a_probability_has_its_ticks_in_per_cent(conv, noise, question):
    asked = question(conv, noise((29, 24)), Target(0, scale="probability"))
    record = record_path(IntegratedGradients(steps=8), asked, stops_kept=5, steps=8)
    layout = path(record.explanation, record.snapshots, Look()).layout
    assert (layout.yaxis4.tickformat, layout.yaxis7.tickformat) == (".0%", "")
    assert [step.label for step in layout.sliders[0].steps] == ["0.00", "0.19", "0.44", "0.69", "1.00"]


def test_its_panels_have_a_place_of_their_own_in_wide_and_in_narrow_windows(conv, noise, question):
    record = record_path(IntegratedGradients(steps=8), question(conv, noise((29, 24))), stops_kept=5, steps=8)
    layout = path(record.explanation, record.snapshots, Look()).layout
    wide, narrow = layout.meta["wide"], layout.meta["narrow"]
    assert wide.keys() == narrow.keys()
    for places in (wide, narrow):
        spans = [(places[f"xaxis{n}.domain"], places[f"yaxis{n}.domain"]) for n in ("", *range(2, 7))]
        for number, (across, down) in enumerate(spans):
            assert 0 <= across[0] < across[1] <= 1
            assert 0 <= down[0] < down[1] <= 1
            for other_across, other_down in spans[:number]:
                apart = [
                    first[1] <= second[0] or second[1] <= first[0]
                    for first, second in ((across, other_across), (down, other_down))
                ]
                assert any(apart)
    for name, place in wide.items():  # that of the figure as it comes
        found = layout
        for part in name.replace("[", ".").replace("]", "").split("."):
            found = found[int(part)] if part.isdecimal() else found[part]
        assert found == place
