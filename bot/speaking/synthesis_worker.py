"""One text to one WAV with pyttsx3: text on standard input, WAV on standard output.

Started by `Synthesiser`, which ends it when it takes too long.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import tempfile
import threading
from pathlib import Path

_WORDS_PER_MINUTE = 160


def main() -> None:
    language = sys.argv[1]
    text = sys.stdin.buffer.read().decode()
    # pyttsx3 prints; standard output is the WAV's alone.
    with contextlib.redirect_stdout(sys.stderr):
        wav = _render(text, language)
    sys.stdout.buffer.write(wav)


def _render(text: str, language: str) -> bytes:
    import espeakng_loader  # noqa: PLC0415 - sets up espeak for pyttsx3, which looks at import

    # pyttsx3 asks for libespeak-ng.so.1 by name; the loader's library is that once it is loaded.
    os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
    ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)
    import pyttsx3  # noqa: PLC0415

    engine = pyttsx3.init(driverName="espeak")
    engine.setProperty("voice", language)
    engine.setProperty("rate", _WORDS_PER_MINUTE)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        written = threading.Event()
        engine.connect("finished-utterance", lambda **_: written.set())
        engine.save_to_file(text, str(path))
        engine.runAndWait()  # may return before espeak's own thread has written the file
        written.wait()
        return path.read_bytes()


if __name__ == "__main__":
    main()
