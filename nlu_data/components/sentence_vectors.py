"""What a sentence means, as numbers: the part of the pipeline that knows words no example has.

Word and letter counts know only what stands in the examples; "my card conks out in <date>" needs
something that has read English before.
"""

from __future__ import annotations

from typing import Any, Dict, List

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.sentence_encoder import DIMENSIONS, SentenceEncoder

# The encoder has read books, not placeholders: it gets something of the kind instead.
_STAND_INS = (("<amount>", "fifty dollars"), ("<date>", "june 2030"), ("<digits>", "12345"))

_encoder: List[SentenceEncoder] = []


def _shared_encoder() -> SentenceEncoder:
    """One per process: Rasa makes the component anew for every graph it runs."""
    if not _encoder:
        _encoder.append(SentenceEncoder())
    return _encoder[0]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceVectorsFeaturizer(DenseFeaturizer, GraphComponent):
    """Adds one sentence vector of length `weight` to each message with text.

    weight: how much it counts beside word counts, which are whole numbers.
    """

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return {**DenseFeaturizer.get_default_config(), "weight": 10.0}

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceVectorsFeaturizer:
        return cls(execution_context.node_name, config)

    @staticmethod
    def required_packages() -> List[str]:
        return ["safetensors", "tokenizers"]

    @classmethod
    def validate_config(cls, config: Dict[str, Any]) -> None:
        weight = config.get("weight", 10.0)
        if not isinstance(weight, (int, float)) or weight <= 0:
            raise ValueError(f"SentenceVectorsFeaturizer: weight {weight!r} is not above 0")

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        with_text = [message for message in messages if message.get(TEXT)]
        vectors = _shared_encoder().encode([_readable(m.get(TEXT)) for m in with_text])
        for message, vector in zip(with_text, vectors * float(self._config["weight"])):
            sentence = vector.reshape(1, DIMENSIONS)
            # Rasa wants a row per token as well; every token gets its sentence.
            tokens = max(1, len(message.get("text_tokens") or []))
            sequence = np.repeat(sentence, tokens, axis=0)
            self.add_features_to_message(sequence, sentence, TEXT, message)
        return messages


def _readable(text: str) -> str:
    for placeholder, stand_in in _STAND_INS:
        text = text.replace(placeholder, stand_in)
    return text
