"""Xception of random weights: what the lesson says about it."""

from explainers.lessons import xception


def test_without_its_file_it_has_random_weights_and_a_last_activation_of_7_by_7(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("WHYPIXEL_WEIGHTS", raising=False)
    source = xception.source()
    assert isinstance(source, xception.RandomXception)
    classifier = source.load()
    assert classifier.layer == "act4"
    assert str(classifier.layers()[-1]) == "act4 (7 × 7, 2048 channels)"
    (tmp_path / "hub/checkpoints").mkdir(parents=True)
    (tmp_path / "hub/checkpoints/xception-43020ad28.pth").write_bytes(b"as if it were there")
    assert not isinstance(xception.source(), xception.RandomXception)
