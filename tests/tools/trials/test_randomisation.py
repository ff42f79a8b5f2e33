"""The table of randomisation: means over photos that are the experiment's, and who is left out or refuses."""

import numpy as np
import pytest
from torchvision.transforms.functional import to_pil_image

from explainers import RISE, AttentionRollout, Saliency, Target
from explainers.experiments import Randomisation
from explainers.images.photo import Photo
from explainers.question import Question
from tools.trials import randomisation
from tools.trials.cases import Case


def test_it_is_the_mean_of_the_experiments(conv, noise, monkeypatch):
    monkeypatch.setattr(randomisation, "EXPLAINERS", (Saliency, RISE, AttentionRollout))
    photos = [Photo.of(to_pil_image(noise(conv.size, seed=seed))) for seed in range(2)]
    text = randomisation.table(conv, [Case(str(number), photo, None, ()) for number, photo in enumerate(photos)])
    found = []
    for seed, photo in enumerate(photos):
        question = Question(photo, conv, Target(conv.predict(photo.image, 1)[0].index))
        explanation = Saliency().explain(question)
        found.append(Randomisation(stages=2, draws=1, seed=seed)(Saliency(), question, explanation))
    (row,) = (line.split(" | ") for line in text.splitlines() if line.startswith("| Vanilla"))
    assert float(row[1]) == pytest.approx(np.mean([each.last_layer for each in found]), abs=0.005)
    assert float(row[2]) == pytest.approx(np.mean([each.correlation for each in found]), abs=0.005)
    assert row[-1] == "2 of 2 |"
    assert "Left out, for they need more than 110 passes for a map: RISE." in text
    assert "\n\nAttention rollout: " in text
    assert "| Attention rollout" not in text
