"""The English words callers use for numbers, and around them: tables, no rules.

Standard library only, and importable by CPython 3.10: Rasa runs these modules too.
"""

from __future__ import annotations

from enum import Enum


class Kind(Enum):
    """What a token is to the grammars of spoken numbers."""

    UNIT = "unit"  # zero to nine, "oh" where it is a digit
    TEEN = "teen"  # ten to nineteen
    TENS = "tens"  # twenty to ninety
    NUMERAL = "numeral"  # written digits
    HUNDRED = "hundred"
    THOUSAND = "thousand"
    MILLION = "million"
    REPEAT = "repeat"  # double, triple
    PLURAL = "plural"  # fives, zeros: after a count
    COUNT = "count"  # "the last four", "two cards": a number that is no value
    ORDINAL = "ordinal"  # first to thirty-first
    MONTH = "month"
    MAJOR = "major"  # dollars
    MINOR = "minor"  # cents
    COIN = "coin"  # a quarter, a tenner
    SYMBOL = "symbol"  # $
    POINT = "point"
    HALF = "half"
    PERCENT = "percent"
    AND = "and"
    OF = "of"
    A = "a"
    SEPARATOR = "separator"  # "dash", "slash", and their signs, comma, full stop
    FILLER = "filler"  # um, and then
    INTRODUCTION = "introduction"  # it's, but
    CORRECTION = "correction"  # no, sorry, I mean
    HESITATION = "hesitation"  # wait, hang on: sometimes a correction, sometimes a pause
    RESTART = "restart"  # let me start again
    CONTRAST = "contrast"  # not, instead of
    PLACEHOLDER = "placeholder"  # <amount>, <digits>, <date>
    OH = "oh"  # undecided: a zero or a sigh
    COUPLE = "couple"  # undecided: "a couple hundred" or a couple of cards
    HOMOPHONE = "homophone"  # undecided: "for" or four
    WORD = "word"


UNITS = {
    "zero": 0, "nought": 0, "naught": 0, "aught": 0, "nil": 0, "one": 1, "two": 2, "three": 3,
    "four": 4, "five": 5, "fife": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "niner": 9,
}  # fmt: skip

TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15,
    "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip

TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90, "ninty": 90,
}  # fmt: skip

REPEATS = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}

PLURALS = {
    "zeros": 0, "zeroes": 0, "noughts": 0, "ohs": 0, "ones": 1, "twos": 2, "threes": 3, "fours": 4,
    "fives": 5, "sixes": 6, "sevens": 7, "eights": 8, "nines": 9,
}  # fmt: skip

HOMOPHONES = {
    "for": 4, "fore": 4, "to": 2, "too": 2, "won": 1, "wun": 1, "ate": 8, "tree": 3, "free": 3,
    "sex": 6, "sicks": 6, "fine": 9, "nein": 9,
}  # fmt: skip
"""Words a recogniser prints for a digit; only their neighbours can make them one."""

ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13,
    "fourteenth": 14, "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18,
    "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip

MONTHS = {
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7,
    "august": 8, "september": 9, "october": 10, "november": 11, "december": 12,
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9,
    "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip

SHY_MONTHS = frozenset({"may", "march", "mar", "jan", "dec", "sep", "jun", "jul", "oct", "nov"})
"""Also verbs, names and fragments: months only beside a number, or alone in an answer."""

MAJORS = {
    "dollar": "USD", "dollars": "USD", "buck": "USD", "bucks": "USD", "usd": "USD",
    "pound": "GBP", "pounds": "GBP", "quid": "GBP", "gbp": "GBP",
    "euro": "EUR", "euros": "EUR", "eur": "EUR",
}  # fmt: skip

MINORS = {
    "cent": "", "cents": "", "pence": "GBP", "pennies": "", "penny": "", "p": "GBP",
}  # fmt: skip
"""Cents are of dollars and of euros alike: no currency follows from them."""

MISHEARD_MINORS = frozenset({"sense", "scents", "sent"})

COINS = {
    "quarter": (25, "USD"), "dime": (10, "USD"), "nickel": (5, "USD"), "penny": (1, ""),
    "fiver": (500, ""), "tenner": (1000, ""),
}  # fmt: skip
"""Minor units and currency of one."""

SYMBOLS = {"$": "USD", "£": "GBP", "€": "EUR"}

SINGLE_WORDS: dict[str, Kind] = {
    "hundred": Kind.HUNDRED,
    "hundreds": Kind.HUNDRED,
    "thousand": Kind.THOUSAND,
    "grand": Kind.THOUSAND,
    "million": Kind.MILLION,
    "point": Kind.POINT,
    "half": Kind.HALF,
    "percent": Kind.PERCENT,
    "and": Kind.AND,
    "n": Kind.AND,
    "of": Kind.OF,
    "a": Kind.A,
    "an": Kind.A,
}

SEPARATOR_WORDS = frozenset({"dash", "hyphen", "slash", "stroke", "space", "comma", "dot"})
SEPARATOR_SIGNS = frozenset("(),.-/:;–—‑−…_|'·\\")  # noqa: RUF001

FILLERS = (
    "um", "uhm", "umm", "uh", "er", "erm", "ah", "eh", "hm", "hmm", "mm", "mhm", "well", "like",
    "okay", "ok", "so", "then", "next", "now", "please", "alright", "and then", "followed by",
    "let me see", "let's see", "you know", "the next is", "after that", "and next", "i think",
)  # fmt: skip
"""What may be said inside one number."""

INTRODUCTIONS = (
    "it's", "its", "it is", "that's", "that is", "is it", "but", "yes", "yeah", "and it's",
    "but it's",
)  # fmt: skip
"""What may be said before a number, and begins a new one inside an answer."""

CORRECTIONS = (
    "no", "nope", "nah", "sorry", "i'm sorry", "actually", "oops", "whoops", "correction",
    "i mean", "i meant", "scratch that", "strike that", "make it", "make that", "excuse me",
    "pardon", "pardon me", "my mistake", "my bad", "or rather", "rather", "it should be",
    "should be", "should have been", "change that to", "change it to", "i should say",
    "let me correct that", "that's wrong", "that's not right", "wrong", "forget that",
    "i take that back",
)  # fmt: skip

HESITATIONS = (
    "wait", "hang on", "hold on", "one moment", "one second", "one sec", "just a second",
    "a second", "just a moment", "wait a second", "wait a minute", "let me check",
)  # fmt: skip

RESTARTS = (
    "start again", "start over", "starting over", "starting again", "from the beginning",
    "from the start", "from the top", "let me start again", "let me start over",
    "let me repeat", "let me repeat that", "let me say that again", "let me say it again",
    "i'll start again", "i'll start over", "let me try again", "let me try that again",
    "one more time",
)  # fmt: skip

CONTRASTS = (
    "not", "and not", "but not", "instead of", "rather than", "isn't", "it's not", "it isn't",
    "is not",
)  # fmt: skip


def _phrases() -> dict[tuple[str, ...], Kind]:
    table: dict[tuple[str, ...], Kind] = {}
    for kind, phrases in (
        (Kind.FILLER, FILLERS),
        (Kind.INTRODUCTION, INTRODUCTIONS),
        (Kind.CORRECTION, CORRECTIONS),
        (Kind.HESITATION, HESITATIONS),
        (Kind.RESTART, RESTARTS),
        (Kind.CONTRAST, CONTRASTS),
        (Kind.PERCENT, ("per cent",)),
        (Kind.COUPLE, ("couple", "a couple", "couple of", "a couple of")),
    ):
        table.update({tuple(phrase.split()): kind for phrase in phrases})
    return table


PHRASES = _phrases()
LONGEST_PHRASE = max(map(len, PHRASES))

COUNT_NOUNS = frozenset({
    "digits", "digit", "numbers", "number", "groups", "group", "figures", "times", "time",
    "minutes", "minute", "seconds", "days", "day", "hours", "hour", "weeks", "week", "months",
    "years", "cards", "card", "payments", "payment", "bills", "bill", "accounts", "account",
    "people", "things", "questions", "options", "choices", "attempts", "tries", "installments",
})  # fmt: skip
"""Nouns after which a small number counts things and is no value."""

COUNTING_ADJECTIVES = frozenset({
    "first", "last", "next", "final", "other", "second", "third", "fourth", "previous",
})  # fmt: skip
"""Words before a small number that counts digits: "the last four"."""

ONE_INTRODUCERS = frozenset({
    "is", "was", "be", "are", "press", "key", "number", "digit", "option", "hit", "push",
    "choose", "select", "enter", "dial", "type",
})  # fmt: skip
"""Words after which a lone "one" is the number."""

NOT_AFTER_ONE = frozenset({
    "moment", "second", "sec", "minute", "more", "time", "of", "thing", "that", "which", "who",
    "day", "i", "you", "we", "they", "he", "she", "it", "is", "was", "for", "with", "on",
    "bill", "card", "payment", "question",
})  # fmt: skip
"""Words before which a lone "one" is a pronoun or counts something."""

ONE_IS_A_PRONOUN_AFTER = frozenset({
    "this", "that", "the", "these", "those", "other", "another", "which", "each", "every",
    "any", "some", "wrong", "right", "new", "old", "last", "first", "second", "third", "fourth",
    "next", "same", "correct", "different", "only", "no", "good", "bad", "previous", "my",
    "your", "real", "valid", "current",
})  # fmt: skip
