"""What callers say: phrases with numbers in them, and phrases without.

Made at random, the same for the same generator. Every phrase is plain text as a voice speaks it;
`vocabulary.stretches` tells which words of it the network shall hear.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from stdnum import luhn

from training.vocabulary import DIGITS, MONTHS, TEENS, TENS

CARD_SHAPES = (
    ("4", (4, 4, 4, 4)), ("4", (4, 4, 4, 4)), ("5", (4, 4, 4, 4)), ("2", (4, 4, 4, 4)),
    ("6", (4, 4, 4, 4)), ("37", (4, 6, 5)), ("34", (4, 6, 5)), ("36", (4, 6, 4)),
)  # fmt: skip

BEFORE_A_NUMBER = (
    "it's", "um", "uh", "okay", "so", "okay so", "the number is", "my card number is",
    "the card is", "my zip code is", "the zip is", "zip code", "the code is", "security code",
    "the three digits are", "it expires", "the expiry is", "expires in", "good until",
    "valid through", "the expiration date is", "the amount is", "I'd like to pay", "I want to pay",
    "make it", "let's do", "can I pay", "put", "I'll pay", "just", "about", "that'll be",
    "let me see", "here it is", "yes it's", "well", "right", "sure", "hold on", "one second",
    "the last four are", "the first four are", "starts with", "the second group is", "and then",
    "then", "the account number is", "I think it's", "hello",
)  # fmt: skip
AFTER_A_NUMBER = (
    "please", "thank you", "thanks", "that's it", "today", "if that's okay", "on my visa",
    "I think", "okay", "for now", "got it?", "is that right?", "on the card", "from my account",
)  # fmt: skip
CHATTER = (
    "hold on", "one moment please", "let me get my card", "I don't have it with me",
    "say that again", "can you repeat that", "could you go slower", "I'd like to talk to someone",
    "an agent please", "can I speak to a real person", "what was that", "hello is anybody there",
    "I'm not sure", "how much do I owe", "the full amount please", "the minimum payment",
    "pay the whole balance", "start over", "cancel that", "what do I do now",
    "it's on the back of the card", "that's my old card", "the expiry date is not right",
    "change the card number", "I want to pay my bill", "to pay my bill", "where do I find it",
    "never mind", "my old one ran out", "for today", "I have to pay for it", "thank you very much",
    "goodbye", "can you hear me", "there's someone at the door", "um", "uh huh",
    "it's too late to pay", "we ate too late", "or later", "all of it", "all right",
    "the other one", "I won the other day", "before the weekend", "how does this work",
    "give me a second", "what's the tree outside", "fine by me", "that is for my wife",
    "please stop", "help", "operator", "next", "skip it", "I already told you",
    "the amount isn't what I said", "my card was declined",
)  # fmt: skip
YES = ("yes", "yeah", "yep", "yup", "yes", "yes", "yeah", "correct")
NO = ("no", "nope", "no", "no", "wrong")
AFTER_YES = (
    "that's right", "please", "correct", "go ahead", "that's correct", "it is", "I do", "sure",
    "that's fine", "sounds good", "that is all right", "of course", "thank you", "exactly",
)  # fmt: skip
AFTER_NO = (
    "that's wrong", "thanks", "wait", "that's not right", "not that one", "it isn't", "I don't",
    "go back", "that was my old one", "the amount is wrong", "the card is wrong", "sorry",
    "that is not correct", "the zip code is wrong", "thank you",
)  # fmt: skip
_WRONG = (
    "the expiry is wrong,", "wrong expiry date,", "that's the wrong card,", "no wait,", "sorry,",
    "the zip code is wrong,", "no, the amount should be", "go back,", "that's not correct,",
)  # fmt: skip
REPAIRS = (
    "no,",
    "no",
    "sorry,",
    "wait,",
    "no wait,",
    "oh sorry,",
    "wrong,",
    "sorry I mean",
    "no it's",
)


def phrase(random: Random) -> str:
    """One thing a caller says."""
    kinds, weights = zip(*_KINDS, strict=True)
    kind: Callable[[Random], str] = random.choices(kinds, weights)[0]
    return " ".join(kind(random).split())


def card(random: Random) -> str:
    prefix, shape = random.choice(CARD_SHAPES)
    body = prefix + _digits(random, sum(shape) - len(prefix) - 1)
    return _with_words(random, _said(random, body + luhn.calc_check_digit(body), shape), 0.15)


def groups(random: Random) -> str:
    """One to three groups of a card number: most of what there is to learn from a whole one."""
    shape = random.choice(
        [(4,), (4, 4), (4, 4), (4, 4, 4), (6, 5), (4, 6), (3, 3), (8,), (2, 2, 2)]
    )
    return _with_words(random, _said(random, _digits(random, sum(shape)), shape), 0.1)


def postal_code(random: Random) -> str:
    shape = random.choice([(5,), (5,), (5,), (5, 4), (3, 2)])
    said = _said(random, _digits(random, sum(shape)), shape)
    if shape == (5, 4) and random.random() < 0.5:
        said = said.replace(",", " dash", 1) if "," in said else said
    return _with_words(random, said, 0.2)


def security_code(random: Random) -> str:
    count = random.choice([3, 3, 3, 4])
    return _with_words(random, _said(random, _digits(random, count), (count,)), 0.2)


def account(random: Random) -> str:
    shape = random.choice([(3, 3, 4), (3, 4), (6,), (7,), (9,), (10,)])
    said = _said(random, _digits(random, sum(shape)), shape)
    lead = random.choice(["", "", "area code "])
    return _with_words(random, lead + said, 0.1)


def expiry(random: Random) -> str:
    month, year = random.randrange(1, 13), random.randrange(24, 40)
    digit = DIGITS[month % 10]
    if month < 10:
        months = [MONTHS[month - 1]] * 3 + [f"{_nought(random)} {digit}"] * 4 + [digit]
    else:
        months = [MONTHS[month - 1]] * 2 + [below_hundred(month)] * 3
    short = below_hundred(year)
    years = [short] * 5 + [f"twenty {short}"] * 3 + [f"two thousand {short}"]
    years += [f"two thousand and {short}", f"{DIGITS[year // 10]} {DIGITS[year % 10]}"]
    between = random.choice([" ", " ", " ", ", ", " slash ", " of ", " dash "])
    return _with_words(random, random.choice(months) + between + random.choice(years), 0.25)


def amount(random: Random) -> str:
    cents = 1 if random.random() < 0.1 else random.randrange(2, 100)
    small = below_hundred(random.choice([random.randrange(1, 20), random.randrange(20, 100)]))
    hundreds = f"{random.choice([*DIGITS[1:], *TEENS[1:3], 'a'])} hundred"
    joined = random.choice([" ", " and "])
    thousands = f"{random.choice(['a', *DIGITS[1:], 'twelve', 'twenty five'])} thousand"
    whole = random.choice(
        [small] * 5 + [hundreds, hundreds + joined + small, hundreds + joined + small, thousands]
        + [f"{thousands} {DIGITS[random.randrange(1, 10)]} hundred{joined}{small}"]
    )  # fmt: skip
    money = "dollar" if whole == "one" else random.choice(["dollars"] * 4 + ["bucks"])
    tail = "one cent" if cents == 1 else f"{below_hundred(cents)} cents"
    said = random.choice(
        [
            *[f"{whole} {money}"] * 4,
            f"{whole} {money} and {tail}",
            f"{whole} {money} {tail}",
            f"{whole} {money} {below_hundred(cents)}",
            f"{small} {_two(random, cents)}",
            f"{whole} point {_two(random, cents)}",
            whole,
            "a dollar" if random.random() < 0.2 else tail,
        ]
    )
    return _with_words(random, said, 0.35)


def teen_or_tens(random: Random) -> str:
    """Nineteen beside ninety."""
    pairs = list(zip(TEENS[3:], TENS[1:], strict=True))
    said = [random.choice(random.choice(pairs)) for _ in range(random.choice([1, 1, 2, 3]))]
    money = random.choice(["", "", " dollars", " cents", " hundred"])
    return ", ".join(said) + money


def answer(random: Random) -> str:
    word, after = random.choice([(YES, AFTER_YES), (NO, AFTER_NO)])
    said = random.choice(word)
    lead = random.choice(["", "", "", "um ", "uh ", "well ", "oh ", "okay "])
    if random.random() < 0.5:
        said += random.choice([" ", ", "]) + random.choice(after)
    if random.random() < 0.1:
        said += f", {random.choice(word)}"
    return lead + said


def repaired(random: Random) -> str:
    """A number put right while it is said."""
    sort = random.choice([groups, security_code, expiry, amount, postal_code])
    begun, right = sort(random), sort(random)
    words = begun.split()
    cut = words[: random.randrange(1, len(words) + 1)]
    return f"{' '.join(cut).rstrip(',')}, {random.choice(REPAIRS)} {right}"


def correction(random: Random) -> str:
    """At the confirmation."""
    what = random.choice(_WRONG)
    return f"{random.choice(['', 'no ', 'no, ', 'wait, '])}{what} {_value(random)}"


def chatter(random: Random) -> str:
    said = random.choice(CHATTER)
    return f"{said}, {random.choice(CHATTER)}" if random.random() < 0.3 else said


_KINDS: tuple[tuple[Callable[[Random], str], float], ...] = (
    (card, 10), (groups, 16), (postal_code, 11), (security_code, 9), (account, 5), (expiry, 12),
    (amount, 15), (teen_or_tens, 3), (answer, 7), (repaired, 3), (correction, 3), (chatter, 6),
)  # fmt: skip


def below_hundred(number: int) -> str:
    """0 to 99 in words."""
    if number < 10:
        return DIGITS[number]
    if number < 20:
        return TEENS[number - 10]
    tens, unit = TENS[number // 10 - 2], number % 10
    return f"{tens} {DIGITS[unit]}" if unit else tens


def _value(random: Random) -> str:
    return random.choice([groups, expiry, amount, postal_code, security_code])(random)


def _digits(random: Random, count: int) -> str:
    """Random digits, repeated ones more often than chance has them: they are what gets lost."""
    few = random.sample("0123456789", random.choice([1, 2, 3]))
    habit = random.choice(["0123456789"] * 4 + ["".join(few), "01", "1111111890"])
    return "".join(random.choice(habit) for _ in range(count))


def _nought(random: Random) -> str:
    return random.choice(["oh"] * 5 + ["zero"] * 4 + ["nought"])


def _said(random: Random, digits: str, shape: tuple[int, ...]) -> str:
    """The digits in groups of these sizes, one habit throughout."""
    nought = _nought(random)
    habit = random.choice([_one_by_one] * 5 + [_with_repeats] * 2 + [_in_pairs] * 2 + [_rounded])
    between = random.choice([", ", ", ", " ", " dash "] if len(shape) > 1 else [" "])
    parts, start = [], 0
    for size in shape:
        group = digits[start : start + size]
        start += size
        parts.append(habit(group, nought))
    return between.join(parts)


def _one_by_one(digits: str, nought: str) -> str:
    return " ".join(nought if digit == "0" else DIGITS[int(digit)] for digit in digits)


def _with_repeats(digits: str, nought: str) -> str:
    said, at = [], 0
    while at < len(digits):
        run = len(digits[at:]) - len(digits[at:].lstrip(digits[at]))
        run = 1 if run < 2 else min(run, 3)
        said.append(("", "double ", "triple ")[run - 1] + _one_by_one(digits[at], nought))
        at += run
    return " ".join(said)


def _in_pairs(digits: str, nought: str) -> str:
    """ "forty one eleven"; an odd digit goes first, a pair that begins with 0 digit by digit."""
    odd = len(digits) % 2
    said = [_one_by_one(digits[:odd], nought)] if odd else []
    for at in range(odd, len(digits), 2):
        pair = digits[at : at + 2]
        by_digit = pair[0] == "0"
        said.append(_one_by_one(pair, nought) if by_digit else below_hundred(int(pair)))
    return " ".join(said)


def _rounded(digits: str, nought: str) -> str:
    """ "four thousand", "forty one hundred", where the digits allow it."""
    if len(digits) == 4 and digits[0] != "0" and digits.endswith("000"):
        return f"{DIGITS[int(digits[0])]} thousand"
    if len(digits) == 4 and digits[0] != "0" and digits[1] != "0" and digits.endswith("00"):
        return f"{below_hundred(int(digits[:2]))} hundred"
    return _one_by_one(digits, nought)


def _two(random: Random, cents: int) -> str:
    if cents < 10:
        return f"{_nought(random)} {DIGITS[cents]}"
    return random.choice([below_hundred(cents), f"{DIGITS[cents // 10]} {DIGITS[cents % 10]}"])


def _with_words(random: Random, said: str, share: float) -> str:
    """Sometimes with words before it, seldom with words after it."""
    if random.random() < share:
        said = random.choice(BEFORE_A_NUMBER) + random.choice([" ", " ", ", "]) + said
    if random.random() < share / 4:
        said += random.choice([" ", ", "]) + random.choice(AFTER_A_NUMBER)
    return said
