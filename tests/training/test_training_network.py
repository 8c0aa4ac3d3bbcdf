"""The network, its training and its export; needs torch (the dependency group `train`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.hearing.embedded.whisper import WIDTH
from bot.hearing.numbers.head import NumberHead
from training.features import Example

torch = pytest.importorskip("torch")

from training import export  # noqa: E402 - needs torch
from training.ctc import frames  # noqa: E402
from training.network import NumberNetwork, start_from  # noqa: E402
from training.scoring import Score, greedy  # noqa: E402
from training.train import Training, batched, collate, judge  # noqa: E402


def examples(count: int) -> list[Example]:
    random = np.random.default_rng(0)
    return [
        Example(
            random.standard_normal((20 + 3 * number, WIDTH)).astype(np.float16),
            ("one", "one", "two"),
            "test",
        )
        for number in range(count)
    ]


def shipped(network: NumberNetwork, folder: Path) -> NumberHead:
    export.export(network, folder / "numbers.onnx")
    export.write_vocabulary(folder / "vocabulary.json")
    export.write_sums(folder)
    return NumberHead(folder)


def test_the_exported_network_is_the_trained_one(tmp_path: Path) -> None:
    network = NumberNetwork().eval()
    head = shipped(network, tmp_path)
    states = np.random.default_rng(1).standard_normal((77, WIDTH)).astype(np.float32)

    with torch.no_grad():
        expected = network(torch.from_numpy(states[None])).numpy()[0]

    assert head(states).shape == (frames(77), len(head.vocabulary.words))
    assert np.abs(head(states) - expected).max() < 1e-4
    assert export.largest_difference(network, tmp_path / "numbers.onnx") < 1e-4


def test_an_exported_network_can_be_trained_further(tmp_path: Path) -> None:
    network, again = NumberNetwork().eval(), NumberNetwork().eval()
    shipped(network, tmp_path)
    start_from(again, tmp_path)
    states = torch.randn(1, 50, WIDTH)

    with torch.no_grad():
        assert torch.allclose(network(states), again(states), atol=1e-5)


def test_a_network_mixed_with_an_earlier_one_lies_between_them_but_for_its_words(
    tmp_path: Path,
) -> None:
    earlier, network = NumberNetwork(), NumberNetwork()
    shipped(earlier, tmp_path)
    before = {name: each.detach().clone() for name, each in network.named_parameters()}
    export.mix(network, tmp_path, 0.25)

    for name, mixed in network.named_parameters():
        theirs = earlier.get_parameter(name)
        own = 1.0 if name in {"words.weight", "words.bias"} else 0.25
        expected = own * before[name] + (1 - own) * theirs
        assert torch.allclose(mixed, expected, atol=1e-6), name


def test_training_learns_what_it_is_told() -> None:
    training = Training(steps=60, learning_rate=5e-3)
    batch = collate(examples(4), None)
    losses = [training.learn(batch) for _ in range(60)]

    assert losses[-1] < 0.5 * losses[0]
    assert all(np.isfinite(losses))


def test_training_goes_on_where_it_was_stopped() -> None:
    torch.manual_seed(0)
    training, restored = Training(10, 1e-3), Training(10, 1e-3)
    batch = collate(examples(3), None)
    training.learn(batch)
    restored.restore(training.state())

    for pair in zip(training.mean.parameters(), restored.mean.parameters(), strict=True):
        assert torch.equal(*pair)
    assert (restored.step, restored.epoch) == (1, 0)


def test_every_example_is_in_one_batch_with_others_of_its_length() -> None:
    given = examples(50)
    found = batched(given, np.random.default_rng(0))

    assert sorted(id(e) for batch in found for e in batch) == sorted(map(id, given))


def test_a_batch_is_of_one_length_and_loses_no_more_than_the_silence_at_its_end() -> None:
    for batch in batched(examples(50), None):
        lengths = [len(example.states) for example in batch]
        assert max(lengths) - min(lengths) <= 10
        assert collate(batch, None).states.shape == (len(batch), min(lengths), WIDTH)


def test_what_is_judged_is_heard_as_the_product_hears_it(tmp_path: Path) -> None:
    network = NumberNetwork()
    head = shipped(network, tmp_path)
    given = examples(5)
    expected = Score()
    for example in given:
        states = example.states.astype(np.float32)
        expected.add(greedy(head(states), head.vocabulary.words), example.words)

    assert judge(network, given) == {"test": expected}
