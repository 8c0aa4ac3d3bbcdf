"""What is understood without Rasa: words that leave no doubt and, while it is away, a little more.

`clear_words` reads whole utterances of one meaning ("yep", "say again") and is asked first: such
words need no server. `rough_words` is the fall-back while Rasa is away: yes and no at the front,
names of fields, names of wishes anywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.expectations import Field, Intent

_CLEAR = 0.99
_ROUGH = 0.75


@dataclass(frozen=True, slots=True)
class Understood:
    intent: Intent
    confidence: float
    field: Field | None = None


def words_of(line: str) -> frozenset[str]:
    return frozenset(line.split())


HESITATIONS = words_of("uh um er erm ah oh hmm mm well so and then like okay ok")
"""Words that say nothing about the meaning."""

_POLITE = words_of("please thanks thank you sir madam dear love mate")

_SAYING_NOTHING = (
    (HESITATIONS - {"okay", "ok"})
    | _POLITE
    | words_of("very much a lot many ever cheers i the it's i'll i'm")
)
"""Courtesy, and the beginning of a sentence that was never said. Rasa, which has to choose, takes
"i" and "so" for a yes, and "thank you very much" for a farewell."""

_CLEAR_WORDS: dict[Intent, tuple[str, ...]] = {
    Intent.AFFIRM: (
        "yes", "yeah", "yep", "yup", "yes yes", "yeah yeah", "aye", "mhm", "mm hmm", "uh huh",
        "correct", "right", "exactly", "absolutely", "definitely", "sure", "of course",
        "that's right", "that is right", "that's correct", "that is correct", "all correct",
        "that's the one", "that's it", "yes that's right", "yes that is right",
        "yes that's correct", "yes that is correct", "yes it is", "yes go ahead", "go ahead",
        "yes correct", "yes right", "yes sure", "yes exactly", "fine", "that's fine", "perfect",
    ),
    Intent.DENY: (
        "no", "nope", "nah", "no no", "no no no", "wrong", "incorrect", "negative", "not right",
        "not correct", "that's wrong", "that is wrong", "that's not right", "that is not right",
        "that isn't right", "that's not correct", "that's not it", "that's incorrect",
        "no it isn't", "no it's not", "no it is not", "no that's wrong", "no that is wrong",
        "no that's not right", "no that isn't right", "no that's not correct", "no that's not it",
        "absolutely not", "definitely not", "of course not", "certainly not", "no way",
    ),
    Intent.PAY_FULL: (
        "the full amount", "full amount", "the whole amount", "the full balance", "full balance",
        "the whole balance", "in full", "pay in full",
    ),
    Intent.PAY_MINIMUM: (
        "the minimum", "minimum", "just the minimum", "the minimum amount", "minimum amount",
        "the minimum payment", "minimum payment", "the minimum due",
    ),
    Intent.REPEAT: (
        "repeat", "repeat that", "again", "once more", "one more time", "say again",
        "say that again", "come again", "pardon", "pardon me", "i beg your pardon", "sorry what",
        "what", "what was that", "what did you say", "huh", "can you repeat that",
        "could you repeat that", "can you say that again", "could you say that again",
    ),
    Intent.SLOWER: ("slower", "slow down", "more slowly", "too fast", "speak slower"),
    Intent.HELP: ("help", "help me", "i need help"),
    Intent.GO_BACK: ("go back", "back", "one step back", "previous question"),
    Intent.START_OVER: ("start over", "start again", "from the beginning", "restart"),
    Intent.AGENT: (
        "agent", "operator", "representative", "an agent", "an operator", "a person",
        "a real person", "a human", "human", "customer service", "speak to an agent",
        "speak to someone", "talk to someone", "talk to an agent", "talk to a person",
    ),
    Intent.CANCEL: (
        "cancel", "cancel it", "cancel that", "cancel the payment", "stop", "forget it",
    ),
    Intent.HOLD_ON: (
        "hold on", "hang on", "wait", "one moment", "just a moment", "one second", "wait a second",
        "hold on a second", "hang on a second", "just a second", "one minute", "wait a minute",
    ),
    Intent.NOT_AVAILABLE: (
        "i don't have it", "i don't have one", "i don't know", "i can't find it",
    ),
    Intent.GOODBYE: ("goodbye", "bye", "bye bye"),
}  # fmt: skip

_BY_PHRASE = {phrase: intent for intent, phrases in _CLEAR_WORDS.items() for phrase in phrases}

_ALSO_AGREEING = (
    "please do",
    "do it",
    "do that",
    "all right",
    "alright",
    "that's all right",
    "it's all right",
    "that's all correct",
    "that is all correct",
    "that's all fine",
    "all good",
    "that's good",
    "it is",
    "good",
    "great",
    "now",
)
"""After a "yes" these add nothing to it."""

_AGREEMENT = re.compile(
    "(?:(?:"
    + "|".join(
        re.escape(phrase)
        for phrase in sorted(
            {*_CLEAR_WORDS[Intent.AFFIRM], *_ALSO_AGREEING, *HESITATIONS, *_POLITE},
            key=len,
            reverse=True,
        )
    )
    + ")(?: |$))+"
)

_FIELD_WORDS: tuple[tuple[Field, str], ...] = (
    # The security code before the card number ("the code on the back of the card") and the date
    # before it too ("the date on the card").
    (Field.SECURITY_CODE, r"security (code|number)|c ?v [vc]|cv[vc]|three digits|on the back"),
    (Field.POSTAL_CODE, r"zip( code)?|post(al)? ?code"),
    (Field.SECURITY_CODE, r"code"),
    (Field.EXPIRY, r"expir\w*|expire e|date|month|year"),
    (Field.AMOUNT, r"amount|total|dollars"),
    (
        Field.CARD,
        r"(old|other|another|different|expired|wrong|new) "
        r"(credit |debit )?card(?! (number|digits))",
    ),
    (Field.CARD_NUMBER, r"card( number)?|long number|sixteen digits"),
    (Field.EVERYTHING, r"everything|all of it|all wrong|none of (it|that)"),
)

_WISHES: tuple[tuple[Intent, str], ...] = (
    (Intent.AGENT, r"agent|operator|representative|human|real person|(speak|talk) to (some|a )"),
    (Intent.CANCEL, r"cancel|forget it|stop this|don'?t want to pay"),
    (Intent.START_OVER, r"start (over|again)|from the (beginning|start)"),
    (Intent.GO_BACK, r"go back|previous"),
    (Intent.SLOWER, r"slow(er|ly)?|too fast"),
    (Intent.REPEAT, r"repeat|say (that|it) again|pardon|come again|what did you say"),
    (Intent.HOLD_ON, r"hold on|hang on|wait|moment|(just )?a (second|minute)"),
    (Intent.NOT_AVAILABLE, r"(don'?t|do not) have|haven'?t got|can(no|')t find|not on my card"),
    (Intent.HELP, r"help|don'?t understand"),
    (Intent.PAY_MINIMUM, r"minimum"),
    (Intent.PAY_FULL, r"full (amount|balance)|whole (amount|balance|thing)|in full|pay (it )?all"),
    (Intent.BALANCE, r"my balance|how much do i owe"),
    (Intent.GOODBYE, r"good ?bye"),
    (Intent.PAY_AMOUNT, r"pay\b.*<(amount|digits)>"),
    (Intent.PAY_BILL, r"pay|payment"),
)

_YES = re.compile(r"^(yes|yeah|yep|yup|correct|right|sure|aye|that'?s right|that is right)\b")
_NO = re.compile(r"^(no|nope|nah)\b|\b(not|isn'?t|aren'?t) (right|correct)\b|\b(wrong|incorrect)\b")
_TO_MEND = re.compile(
    r"\b(wrong|incorrect|isn'?t|aren'?t|change|fix|correct|different|no|not|should|old|expired)\b"
    r"|<(amount|digits|date)>"
)


_ANOTHER_CARD = re.compile(
    r"(?:(?:no|oh|um|uh|well|so|okay|sorry|wait|actually|oops) )*"
    r"(?:(?:can|could|may|shall) (?:i|we) |let me |let's |i (?:want|need|would like) to "
    r"|i'd (?:like to|rather|prefer to) |i'll |i wanna )?"
    r"(?:(?:use|try|take|charge|give you|go with|pay (?:with|by)|put it on|switch to) )?"
    r"(?:another|an other|(?:a|my|the) (?:different|other)|a second) "
    r"(?:(?:credit|debit|bank) )?card(?: instead| now| then)*"
)
"""Which Rasa, far from certain of these, took for a wish to pay or to begin anew."""

_PLACEHOLDER = re.compile(r"<\w+>")


_AROUND_A_NAME = _POLITE | words_of("the my both it's its number code date")


def clear_words(text: str) -> Understood | None:
    """The meaning of an utterance that is nothing but one well-known phrase."""
    words = _words(text)
    told = [word for word in words if word not in HESITATIONS]
    for phrase in (words, told, [word for word in told if word not in _POLITE]):
        if intent := _BY_PHRASE.get(" ".join(phrase)):
            return Understood(intent, _CLEAR)
    # With its "like", which is a hesitation elsewhere.
    if _ANOTHER_CARD.fullmatch(" ".join(word for word in words if word not in _POLITE)):
        return Understood(Intent.CORRECT, _CLEAR, Field.CARD)
    return None


def says_nothing(text: str) -> bool:
    """Whether the words answer no question and wish for nothing: "thank you", "so", "i"."""
    words = _words(text)
    return bool(words) and set(words) <= _SAYING_NOTHING and clear_words(text) is None


def is_agreement(text: str) -> bool:
    """Whether the text is nothing but a yes, in however many phrases: "yep, that's all right now,
    thanks"."""
    line = " ".join(_words(text))
    said = {phrase for phrase in _CLEAR_WORDS[Intent.AFFIRM] if f" {phrase} " in f" {line} "}
    return bool(said) and _AGREEMENT.fullmatch(line) is not None


def rough_words(text: str) -> Understood | None:
    """The likeliest meaning by the words in it; None where nothing is recognised.

    text: numbers replaced by placeholders.
    """
    if clear := clear_words(text):
        return clear
    line = " ".join(word for word in _words(text) if word not in HESITATIONS)
    field = named_field(line)
    if field is not None and (_TO_MEND.search(line) or _is_only(field, line)):
        return Understood(Intent.CORRECT, _ROUGH, field)
    if _NO.search(line) and not _YES.search(line):
        return Understood(Intent.DENY, _ROUGH)
    for intent, pattern in _WISHES:
        if re.search(rf"\b({pattern})", line):
            return Understood(intent, _ROUGH)
    if _YES.search(line):
        return Understood(Intent.AFFIRM, _ROUGH)
    return None


def named_field(text: str) -> Field | None:
    """The field whose name stands in the text; a placeholder names none."""
    text = _PLACEHOLDER.sub(" ", text)
    for field, pattern in _FIELD_WORDS:
        if re.search(rf"\b({pattern})\b", text):
            return field
    return None


def _is_only(field: Field, line: str) -> bool:
    """Nothing but the field's name: the answer to "which one is wrong?"."""
    pattern = "|".join(words for named, words in _FIELD_WORDS if named is field)
    rest = re.sub(rf"\b({pattern})\b", " ", line)
    return set(rest.split()) <= _AROUND_A_NAME


def _words(text: str) -> list[str]:
    """Lower case, punctuation gone, placeholders and apostrophes kept."""
    return re.findall(r"<\w+>|[a-z']+", text.lower().replace("\u2019", "'").replace("-", " "))
