"""A Vosk model on disk: a folder. Which files it must have, its rate, its language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ModelError

SUMS = "SHA256SUMS"
"""Written when a model is got; `sha256sum --check` understands it."""

_LAYOUTS: tuple[tuple[str, ...], ...] = (
    ("am/final.mdl", "conf/mfcc.conf", "graph/phones/word_boundary.int"),
    ("final.mdl", "mfcc.conf", "word_boundary.int"),
)
"""Files without which Vosk cannot load a model, in its present and its former layout."""
_GRAPHS = (("HCLG.fst",), ("HCLr.fst", "Gr.fst"))
_RATE = re.compile(r"^\s*--sample-frequency=(\d+)", re.MULTILINE)
_DEFAULT_RATE = 16_000
_NAME = re.compile(r"vosk-model-(?:small-)?([a-z]{2,3}(?:-[a-z]{2})?)(?:-|$)")


@dataclass(frozen=True, slots=True)
class VoskFolder:
    """A complete model. rate: Hz, of the sound it wants. language: "en-us", empty when unknown.

    takes_grammars: whether its graph is made while it runs; a static one hears freely.
    """

    path: Path
    rate: int
    language: str
    takes_grammars: bool


def check_folder(folder: Path) -> VoskFolder:
    """Raises ModelError, naming what the folder lacks."""
    if not folder.is_dir():
        raise ModelError(f"{folder} is not a folder; hearing.vosk_model names an unpacked model")
    layout = min(_LAYOUTS, key=lambda files: sum(not (folder / file).is_file() for file in files))
    missing = [file for file in layout if not (folder / file).is_file()]
    graph = folder / "graph" if layout is _LAYOUTS[0] else folder
    graphs = [files for files in _GRAPHS if all((graph / file).is_file() for file in files)]
    if not graphs:
        missing.append(f"{graph.relative_to(folder) / 'HCLG.fst'} (or HCLr.fst and Gr.fst)")
    if missing:
        raise ModelError(
            f"{folder} is not a whole Vosk model, it lacks {', '.join(missing)}; "
            "unpack its archive again, the files directly in this folder"
        )
    rate = _RATE.search((folder / layout[1]).read_text("utf-8", errors="replace"))
    return VoskFolder(
        folder,
        int(rate[1]) if rate else _DEFAULT_RATE,
        language_of(folder.name),
        takes_grammars=_GRAPHS[0] not in graphs,
    )


def language_of(name: str) -> str:
    """ "vosk-model-small-en-us-0.15" -> "en-us"; empty for a name of another pattern."""
    found = _NAME.match(name)
    return found[1] if found else ""


def speaks(name: str, language: str) -> bool:
    """Whether a model of that name can hear the language; one that tells none is trusted."""
    own = language_of(name)
    return not own or own.partition("-")[0] == language.partition("-")[0]
