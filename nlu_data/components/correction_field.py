"""Which field a correction is about: entity `field` of the whole sentence.

"that's when my old one ran out, it's <date>" names no field; no words of it could be marked as
one. So the sentence as a whole is classified, by what the pipeline already made of it, among the
fields annotated in the examples of `correct`. Annotate the whole example:

    - [that's when my old one ran out it's <date>](field:expiry)

An example without annotation says that something is to be corrected and not what.
"""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.shared.nlu.constants import (
    ENTITIES,
    ENTITY_ATTRIBUTE_CONFIDENCE,
    ENTITY_ATTRIBUTE_END,
    ENTITY_ATTRIBUTE_START,
    ENTITY_ATTRIBUTE_TYPE,
    ENTITY_ATTRIBUTE_VALUE,
    EXTRACTOR,
    INTENT,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix

INTENT_CORRECT = "correct"
ENTITY_FIELD = "field"
_NO_FIELD = "none"


@DefaultV1Recipe.register(
    [
        DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER,
        DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR,
    ],
    is_trainable=True,
)
class CorrectionFieldClassifier(LogisticRegressionClassifier):
    """Comes after the intent classifier and speaks only where the intent is `correct`."""

    def _create_training_matrix(
        self, training_data: TrainingData
    ) -> Tuple[csr_matrix, List[str]]:
        examples = [
            example
            for example in training_data.intent_examples
            if example.get(INTENT) == INTENT_CORRECT and example.get(TEXT)
        ]
        return self._create_X(examples), [_annotated_field(example) for example in examples]

    def process(self, messages: List[Message]) -> List[Message]:
        corrections = [m for m in messages if _intent(m) == INTENT_CORRECT and m.get(TEXT)]
        if not corrections:
            return messages
        probabilities = self.clf.predict_proba(self._create_X(corrections))
        for message, row in zip(corrections, probabilities):
            best = int(row.argmax())
            field = str(self.clf.classes_[best])
            if field == _NO_FIELD:
                continue
            entity: Dict[str, Any] = {
                ENTITY_ATTRIBUTE_TYPE: ENTITY_FIELD,
                ENTITY_ATTRIBUTE_VALUE: field,
                ENTITY_ATTRIBUTE_START: 0,
                ENTITY_ATTRIBUTE_END: len(message.get(TEXT)),
                ENTITY_ATTRIBUTE_CONFIDENCE: float(row[best]),
                EXTRACTOR: type(self).__name__,
            }
            message.set(ENTITIES, message.get(ENTITIES, []) + [entity], add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data


def _annotated_field(example: Message) -> str:
    for entity in example.get(ENTITIES) or []:
        if entity[ENTITY_ATTRIBUTE_TYPE] == ENTITY_FIELD:
            return str(entity[ENTITY_ATTRIBUTE_VALUE])
    return _NO_FIELD


def _intent(message: Message) -> str:
    intent = message.get(INTENT)
    return intent.get("name", "") if isinstance(intent, dict) else str(intent or "")
