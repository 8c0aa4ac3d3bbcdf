"""Models of the Vosk project: which there are, by its own list.

The list and the archives come from where the package `vosk` itself gets them, or from another
place that serves the same files: a `model-list.json`, and NAME.zip beside it.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from bot.errors import ModelError, did_you_mean

DEFAULT_LANGUAGES = ("en-us", "fr")

_LIST = "model-list.json"
_NAME = re.compile(r"vosk-model-[A-Za-z0-9][A-Za-z0-9._-]*")
_MD5 = re.compile(r"[0-9a-f]{32}")
_LARGEST_LIST = 4 * 1024 * 1024
TIMEOUT = httpx.Timeout(30.0, connect=10.0)


@dataclass(frozen=True, slots=True)
class ListedModel:
    """size: bytes of the archive. kind: "small", "big" ... md5: hexadecimal, of the archive."""

    name: str
    language: str
    kind: str
    size: int
    md5: str
    obsolete: bool
    version: str


class Source:
    """Where models come from. Raises ModelError when it cannot be reached or makes no sense."""

    def __init__(self, url: str | None = None) -> None:
        """url: of a model list, or of the folder it lies in; None: Vosk's own."""
        if url is None:
            url = str(importlib.import_module("vosk").MODEL_LIST_URL)
        elif not url.endswith(".json"):
            url = url.rstrip("/") + "/" + _LIST
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise ModelError(f"--source {url!r}: an address that begins with https:// or http://")
        self.url = url

    def archive(self, model: ListedModel) -> str:
        """The address of its archive."""
        return urljoin(self.url, f"{model.name}.zip")

    def models(self) -> list[ListedModel]:
        """All recognition models of the list; entries that name no usable archive are left out."""
        try:
            with httpx.stream("GET", self.url, timeout=TIMEOUT, follow_redirects=True) as answer:
                answer.raise_for_status()
                text = bytearray()
                for part in answer.iter_bytes():
                    text += part
                    if len(text) > _LARGEST_LIST:
                        raise ModelError(f"{self.url}: far too long for a list of models")
            entries = json.loads(text)
        except httpx.HTTPError as error:
            raise unreachable(self.url, error) from None
        except ValueError:
            raise ModelError(f"{self.url}: not a list of models (no JSON)") from None
        if not isinstance(entries, list):
            raise ModelError(f"{self.url}: not a list of models")
        return [model for entry in entries if (model := _listed(entry)) is not None]


def unreachable(url: str, error: httpx.HTTPError) -> ModelError:
    """For the person at the keyboard: what failed, and what can be done without it."""
    why = str(error).splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, httpx.HTTPStatusError):
        why = f"it answered {error.response.status_code}"
    return ModelError(
        f"{url} cannot be reached: {why}. Fetch the model on a machine that can, and unpack it as "
        "models/vosk-model-…; or name a mirror with --source. Without a Vosk model the embedded "
        "engine hears."
    )


def choose(models: Sequence[ListedModel], wanted: str) -> ListedModel:
    """The model of that name, or the newest small one of that language ("fr", "en-us", "en").

    Raises ModelError.
    """
    named = [model for model in models if model.name == wanted]
    if named:
        return named[0]
    current = [model for model in models if not model.obsolete and model.kind == "small"]
    exact = [model for model in current if model.language == wanted]
    near = [model for model in current if model.language.split("-")[0] == wanted]
    if found := exact or near:
        return max(found, key=lambda model: _newness(model.version))
    known = [model.name for model in models] + [model.language for model in current]
    raise ModelError(
        f"{wanted}: no such model, and no small model of such a language"
        f"{did_you_mean(wanted, known)}; run_bot.py models list names all"
    )


def _newness(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def _listed(entry: Any) -> ListedModel | None:
    """None for a speaker model, a name that is no file name, or a checksum that is none."""
    if not isinstance(entry, dict):
        return None
    name, md5 = str(entry.get("name", "")), str(entry.get("md5", "")).lower()
    size, kind = entry.get("size"), str(entry.get("type", ""))
    if not _NAME.fullmatch(name) or not _MD5.fullmatch(md5) or kind == "spk":
        return None
    if not isinstance(size, int) or size <= 0:
        return None
    return ListedModel(
        name,
        str(entry.get("lang", "")),
        kind,
        size,
        md5,
        str(entry.get("obsolete", "false")).lower() == "true",
        str(entry.get("version", "")),
    )
