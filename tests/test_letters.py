import re

from hypothesis import given
from hypothesis import strategies as st

from bot.letters import in_letters


@given(st.binary(max_size=64))
def test_a_name_made_of_anything_holds_no_digit_and_says_which_it_was(data: bytes) -> None:
    name = in_letters(data)
    assert re.fullmatch(r"[a-p]*", name)
    again = name.translate(str.maketrans("abcdefghijklmnop", "0123456789abcdef"))
    assert bytes.fromhex(again) == data
