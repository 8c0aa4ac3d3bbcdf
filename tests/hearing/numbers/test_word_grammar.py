"""Grammars over words, and the search that keeps to them, against trying everything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lattices import every_sequence
from numpy.typing import NDArray

from bot.hearing.numbers.head import Vocabulary
from bot.hearing.numbers.word_grammar import Grammar, adding, in_order, maybe, one_of, word
from bot.hearing.numbers.word_search import search_words

WORDS = ("<b>", "a", "b", "c", "<f>")
VOCABULARY = Vocabulary(WORDS, "<f>")

EXPRESSION = one_of(
    in_order(word("a", adds=1), maybe(word("b", adds=10), word("c", adds=100))),
    in_order(word("a", adds=5), word("b")),
    in_order(adding(1000), word("b", "c")),
)


@pytest.mark.parametrize(
    ("phrase", "values"),
    [
        ("a", (1,)),
        ("a b", (5,)),
        ("a b c", (111,)),
        ("b", (1000,)),
        ("c", (1000,)),
        ("", ()),
        ("b b", ()),
        ("a c", ()),
        ("<f>", ()),
    ],
)
def test_a_phrase_is_worth_what_its_words_add(phrase: str, values: tuple[int, ...]) -> None:
    assert Grammar(EXPRESSION).read(phrase.split()) == values


def test_a_phrase_that_can_be_understood_in_two_ways_has_both_values() -> None:
    grammar = Grammar(one_of(word("a", adds=2), word("a", adds=1), word("a", adds=2)))

    assert grammar.read(["a"]) == (1, 2)


def test_ignored_words_stand_anywhere_and_other_words_nowhere() -> None:
    grammar = Grammar(EXPRESSION, ignored=["<f>"])

    assert grammar.read(["<f>", "a", "<f>", "<f>", "b", "c", "<f>"]) == (111,)
    assert grammar.read(["a", "yes", "b", "c"]) == ()
    assert Grammar(EXPRESSION).read(["a", "<f>", "b", "c"]) == ()


def test_an_optional_part_at_the_end_adds_at_the_end() -> None:
    grammar = Grammar(in_order(word("a", adds=1), maybe(word("b")), adding(7)))

    assert grammar.read(["a"]) == grammar.read(["a", "b"]) == (8,)


lattices = st.lists(
    st.lists(st.floats(-6, 0), min_size=len(WORDS), max_size=len(WORDS)), min_size=1, max_size=4
)


def as_frames(rows: list[list[float]]) -> NDArray[np.float32]:
    scores = np.array(rows)
    scores -= np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return np.asarray(scores, dtype=np.float32)


@given(lattices)
@settings(max_examples=40, deadline=None)
def test_the_search_within_a_grammar_finds_its_phrases_with_their_whole_probability(
    rows: list[list[float]],
) -> None:
    frames = as_frames(rows)
    grammar = Grammar(EXPRESSION, ignored=["<f>"])
    phrases = {
        words: p for words, p in every_sequence(frames, WORDS).items() if grammar.read(words)
    }

    found = search_words(frames, VOCABULARY, grammar=grammar, beam=100_000, floor=0)

    assert {one.words: pytest.approx(one.probability, rel=1e-3) for one in found} == phrases
    likely = [one.probability for one in found]
    assert likely == sorted(likely, reverse=True)


@given(lattices, st.integers(1, 8))
@settings(max_examples=40, deadline=None)
def test_what_a_narrow_beam_finds_is_never_more_than_there_is(
    rows: list[list[float]], beam: int
) -> None:
    frames = as_frames(rows)
    sums = every_sequence(frames, WORDS)

    found = search_words(frames, VOCABULARY, grammar=Grammar(EXPRESSION), beam=beam, floor=0)

    assert len(found) <= beam
    assert sum(one.probability for one in found) <= 1 + 1e-6
    assert all(one.probability <= sums[one.words] * 1.001 for one in found)
