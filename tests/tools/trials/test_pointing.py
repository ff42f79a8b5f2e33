"""The table of the pointing game, on a small network."""

import pytest
from torchvision.transforms.functional import to_pil_image

from explainers import CAM, GradCAM, Saliency, Target
from explainers.experiments import hit
from explainers.images.photo import Photo
from explainers.methods.attention import AttentionRollout
from tools.trials import pointing
from tools.trials.cases import Case


@pytest.fixture
def photo(noise):
    return Photo.of(to_pil_image(noise((29, 24))))


def test_a_row_for_each_method_that_can_and_all_boxes_of_a_class_count(conv, photo, monkeypatch):
    monkeypatch.setattr(pointing, "EXPLAINERS", (Saliency, GradCAM, CAM, AttentionRollout))
    boxes = (0, (0.0, 0.0, 6.0, 6.0)), (0, (10.0, 10.0, 24.0, 29.0)), (1, (5.0, 5.0, 9.0, 9.0))
    lines = pointing.table(conv, [Case("noise", photo, None, boxes), Case("none", photo, None, ())]).splitlines()
    rows = {line.split(" | ")[0].strip("| *"): line for line in lines[2:6]}
    assert set(rows) == {"Vanilla gradient", "Grad-CAM", "CAM", "the middle of the picture"}
    assert lines[-1].startswith("2 questions")
    found = [
        hit(GradCAM()(conv, photo.image, Target(index)), *(box for other, box in boxes if other == index))
        for index in (0, 1)
    ]
    assert f"| {sum(each.peak or 0 for each in found) / 2:.0%} |" in rows["Grad-CAM"]
    assert f"| {sum(each.centre for each in found) / 2:.0%} |" in rows["the middle of the picture"]
