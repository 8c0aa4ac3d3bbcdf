"""Every exception the bot raises on purpose.

    BotError
     +-- SettingsError        a key of payment.toml: names key, value and what is allowed
     +-- AudioError           a recording that cannot be used: names the file and why
     +-- CatalogueError       a prompt, text or recording that is missing or malformed
     +-- ModelError           a recogniser model that is missing, incomplete or of the wrong hash
     +-- NluError             Rasa, its environment or its model
     |    +-- NluUnavailable  Rasa did not answer in time; the call goes on without it
     +-- GatewayError         a payment gateway's adapter or its settings
     +-- ScenarioError        a scenario file: names the file, the place and what is allowed
     +-- ProtocolError        what the other end of a line sent and its protocol does not allow
     +-- StoreError           the database

The message of a BotError is written for the person at the keyboard: what is wrong, with the
offending value masked or named, and what to do about it. It never carries card data.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class BotError(Exception):
    """Something a person can mend; the command line prints it as one line, without a traceback."""


class SettingsError(BotError):
    pass


class AudioError(BotError):
    pass


class CatalogueError(BotError):
    pass


class ModelError(BotError):
    pass


class NluError(BotError):
    pass


class NluUnavailable(NluError):
    pass


class GatewayError(BotError):
    pass


class ScenarioError(BotError):
    pass


class ProtocolError(BotError):
    pass


class StoreError(BotError):
    pass


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """ "; did you mean …?" with the nearest of what is allowed; empty where nothing is near."""
    near = get_close_matches(word.lower(), list(allowed), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
