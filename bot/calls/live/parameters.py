"""A call's parameters, as the texts that a phone system sends along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from pydantic import TypeAdapter, ValidationError

from bot.calls.scenarios.scenario import Parameters
from bot.errors import ProtocolError

_ADAPTER = TypeAdapter(Parameters)
_NAMES = {field.name for field in fields(Parameters)}


def parameters_of(texts: Mapping[str, str]) -> Parameters:
    """Names that are no parameter of a call are the phone system's own, and left out.

    Raises ProtocolError, which names the parameters and repeats no value.
    """
    known = {name: text for name, text in texts.items() if name in _NAMES and text}
    try:
        return _ADAPTER.validate_python(known)
    except ValidationError as error:
        wrong = ", ".join(str(problem["loc"][0]) for problem in error.errors() if problem["loc"])
        raise ProtocolError(f"parameters of the call that cannot be used: {wrong}") from None
