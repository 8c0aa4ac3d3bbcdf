"""A place that serves Vosk models, list and archives as Vosk's own does, and faults on order."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

FILES = {
    "am/final.mdl": b"acoustic model " * 4000,
    "conf/mfcc.conf": b"--sample-frequency=16000\n",
    "graph/phones/word_boundary.int": b"1 singleton\n",
    "graph/HCLr.fst": bytes(range(256)) * 400,
    "graph/Gr.fst": b"grammar",
}


def packed(name: str, files: Mapping[str, bytes] | None = None) -> bytes:
    """An archive as Vosk's: one folder of the model's name. Stored, so that its size is known."""
    entries = {f"{name}/{path}": data for path, data in FILES.items()} if files is None else files
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in entries.items():
            archive.writestr(path, data)
    return buffer.getvalue()


def entry(name: str, archive: bytes, **changes: Any) -> dict[str, Any]:
    """A line of model-list.json."""
    return {
        "lang": "en-us",
        "lang_text": "US English",
        "md5": hashlib.md5(archive, usedforsecurity=False).hexdigest(),
        "name": name,
        "obsolete": "false",
        "size": len(archive),
        "size_text": "1 KiB",
        "type": "small",
        "version": name.rsplit("-", 1)[-1],
    } | changes


class Mirror:
    """What is served, what was asked for (path, Range), and the faults.

    breaks: for each coming answer of an archive, after how many bytes the line breaks.
    """

    def __init__(self) -> None:
        self.archives: dict[str, bytes] = {}
        self.entries: list[Any] = []
        self.asked: list[tuple[str, str | None]] = []
        self.breaks: list[int] = []
        self.knows_ranges = True
        self.url = ""

    def offer(self, name: str, archive: bytes | None = None, **changes: Any) -> bytes:
        content = packed(name) if archive is None else archive
        self.archives[f"/models/{name}.zip"] = content
        self.entries.append(entry(name, content, **changes))
        return content


@contextmanager
def serving() -> Iterator[Mirror]:
    """On loopback, until the end of the block."""
    mirror = Mirror()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            mirror.asked.append((self.path, wanted))
            if self.path == "/models/model-list.json":
                self._answer(200, json.dumps(mirror.entries).encode())
            elif self.path not in mirror.archives:
                self._answer(404, b"not here")
            else:
                self._archive(mirror.archives[self.path], wanted)

        def _archive(self, content: bytes, wanted: str | None) -> None:
            stop = mirror.breaks.pop(0) if mirror.breaks else None
            if wanted is None or not mirror.knows_ranges:
                self._answer(200, content, stop=stop)
                return
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                self._answer(416, b"")
                return
            place = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self._answer(206, content[start:], place, stop)

        def _answer(
            self, status: int, content: bytes, place: str = "", stop: int | None = None
        ) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            if place:
                self.send_header("Content-Range", place)
            self.end_headers()
            self.wfile.write(content[:stop])
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    mirror.url = f"http://127.0.0.1:{server.server_port}/models/"
    try:
        yield mirror
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
