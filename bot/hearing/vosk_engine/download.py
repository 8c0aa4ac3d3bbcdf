"""One model archive: downloaded, resumed where it broke off, checked, unpacked whole or not at all.

Everything happens in a folder beside the models, on the same disk; a model appears under its name
by one rename, after its checksum and its files have been found right.
"""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import httpx
from filelock import FileLock, Timeout

from bot.errors import ModelError
from bot.hearing.model_files import check_files, read_sums
from bot.hearing.vosk_engine.folder import SUMS, check_folder
from bot.hearing.vosk_engine.models import TIMEOUT, ListedModel, Source, unreachable

PARTIAL = ".partial"
"""Below the models: what is being got; git ignores it."""

_BLOCK = 256 * 1024
_GROWS = 4
"""Disk a model needs while it is unpacked, in sizes of its archive; measured ones need 2.7."""
_LARGEST_GROWTH = 30
"""An archive that unpacks to more than this is none of a model."""
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")

Progress = Callable[[str, int, int], None]
"""Told what is done ("downloading", "unpacking"), how many bytes of how many."""


@dataclass(frozen=True, slots=True)
class Download:
    """Gets models of a source into a folder."""

    source: Source
    models: Path
    progress: Progress = lambda *_: None

    def get(self, model: ListedModel) -> Path:
        """The model's folder; what was there of it is taken up, a damaged one replaced.

        Raises ModelError: the source, the checksum, the archive, the disk, or another download.
        """
        partial = self.models / PARTIAL
        try:
            partial.mkdir(parents=True, exist_ok=True)
            with FileLock(partial / "lock", timeout=0):
                archive = self._archive(model, partial / f"{model.name}.zip")
                return self._unpack(model, archive)
        except Timeout:
            raise ModelError("another models get is under way; wait until it is done") from None
        except OSError as error:
            raise _disk_error(error, self.models) from None

    def _archive(self, model: ListedModel, path: Path) -> Path:
        """Downloaded, of the right size and checksum."""
        there = path.stat().st_size if path.is_file() else 0
        _need_space(self.models, model.size * _GROWS - there, model.name)
        resumed = there > 0
        self._fetch(model, path)
        if _md5(path) != model.md5 and resumed:  # the beginning was of another archive
            path.unlink()
            self._fetch(model, path)
        if _md5(path) != model.md5:
            path.unlink()
            raise ModelError(
                f"{model.name}: what came is not what the list of models promises (its MD5 "
                "differs), and has been deleted; try again, or another --source"
            )
        return path

    def _fetch(self, model: ListedModel, path: Path) -> None:
        """As often as the line breaks, as long as each time brings something."""
        while True:
            before = path.stat().st_size if path.exists() else 0
            if before == model.size:
                return
            if before > model.size:
                path.unlink()
                before = 0
            try:
                self._fetch_on(model, path, before)
                if not path.exists():
                    continue
                if path.stat().st_size >= model.size:
                    return
                broke = "the source closed the line early"
            except httpx.HTTPStatusError as error:
                raise unreachable(self.source.archive(model), error) from None
            except httpx.HTTPError as error:
                broke = str(error) or type(error).__name__
                if not path.exists():
                    raise unreachable(self.source.archive(model), error) from None
            if path.stat().st_size <= before:
                raise ModelError(
                    f"{model.name}: the download broke off at {path.stat().st_size} of "
                    f"{model.size} bytes ({broke}); run the command again, it goes on from there"
                )

    def _fetch_on(self, model: ListedModel, path: Path, start: int) -> None:
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        url = self.source.archive(model)
        with httpx.stream(
            "GET", url, headers=headers, timeout=TIMEOUT, follow_redirects=True
        ) as answer:
            if start and answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                path.unlink()  # what is there is not the beginning of what is offered
                return
            answer.raise_for_status()
            goes_on = answer.status_code == httpx.codes.PARTIAL_CONTENT and _begins_at(
                answer.headers.get("Content-Range", ""), start
            )
            done = start if goes_on else 0
            with path.open("ab" if goes_on else "wb") as file:
                for part in answer.iter_raw():
                    done += len(part)
                    if done > model.size:
                        raise ModelError(
                            f"{model.name}: the source sends more than the {model.size} bytes its "
                            "list promises"
                        )
                    file.write(part)
                    self.progress("downloading", done, model.size)

    def _unpack(self, model: ListedModel, archive: Path) -> Path:
        staging = self.models / PARTIAL / model.name
        shutil.rmtree(staging, ignore_errors=True)
        try:
            self._extract(model, archive, staging)
            check_folder(staging)
            _write_sums(staging)
            target = self.models / model.name
            if target.exists():
                aside = self.models / PARTIAL / f"{model.name}.former"
                shutil.rmtree(aside, ignore_errors=True)
                target.rename(aside)
                shutil.rmtree(aside, ignore_errors=True)
            staging.rename(target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        archive.unlink()
        return target

    def _extract(self, model: ListedModel, archive: Path, staging: Path) -> None:
        """The archive's one folder, which has the model's name, becomes `staging`."""
        try:
            with zipfile.ZipFile(archive) as zipped:
                entries = [entry for entry in zipped.infolist() if not entry.is_dir()]
                total = sum(entry.file_size for entry in entries)
                if total > model.size * _LARGEST_GROWTH:
                    raise _unfit(model, f"it unpacks to {total} bytes")
                _need_space(self.models, total, model.name)
                done = 0
                for entry in entries:
                    path = staging / _inside(model, entry)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with zipped.open(entry) as packed, path.open("wb") as file:
                        while block := packed.read(_BLOCK):
                            file.write(block)
                            done += len(block)
                            self.progress("unpacking", done, total)
        except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError) as error:
            raise _unfit(model, str(error)) from None
        except RuntimeError:  # zipfile's word for an entry with a password
            raise _unfit(model, "it is encrypted") from None


def is_whole(folder: Path) -> bool:
    """A model with all its files, those of its checksums where it has some."""
    try:
        check_folder(folder)
        if (folder / SUMS).is_file():
            check_files(folder, read_sums(folder / SUMS, ""), "")
    except ModelError:
        return False
    return True


def _inside(model: ListedModel, entry: zipfile.ZipInfo) -> Path:
    """Where below the model an entry belongs. Raises ModelError for one that leads elsewhere."""
    path = PurePosixPath(entry.filename)
    strange = (
        "\\" in entry.filename or ":" in entry.filename or stat.S_ISLNK(entry.external_attr >> 16)
    )
    if strange or path.is_absolute() or ".." in path.parts or len(path.parts) < 2:
        raise _unfit(model, f"it holds {entry.filename!r}")
    if path.parts[0] != model.name:
        raise _unfit(model, f"it holds the folder {path.parts[0]!r}")
    return Path(*path.parts[1:])


def _unfit(model: ListedModel, why: str) -> ModelError:
    return ModelError(
        f"{model.name}: its archive is not to be trusted, {why}; nothing was unpacked"
    )


def _begins_at(content_range: str, start: int) -> bool:
    found = _CONTENT_RANGE.fullmatch(content_range.strip())
    return found is not None and int(found[1]) == start


def _md5(path: Path) -> str:
    """Not for security: it is what the list of models gives."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, _md5_digest).hexdigest()


def _md5_digest() -> Any:
    return hashlib.md5(usedforsecurity=False)


def _write_sums(folder: Path) -> None:
    """So that `models check` finds what changes later."""
    lines = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        lines.append(f"{digest}  {path.relative_to(folder).as_posix()}\n")
    (folder / SUMS).write_text("".join(lines), "utf-8")


def _need_space(folder: Path, size: int, name: str) -> None:
    free = shutil.disk_usage(folder).free
    if free < size:
        raise ModelError(
            f"{name}: needs {size / 1e6:.0f} MB of disk in {folder}, {free / 1e6:.0f} MB are free"
        )


def _disk_error(error: OSError, folder: Path) -> ModelError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return ModelError(
            f"the disk of {folder} is full; make room and run the command again, it goes on from "
            "where it stopped"
        )
    return ModelError(f"{error.filename or folder}: {error.strerror or error}")
