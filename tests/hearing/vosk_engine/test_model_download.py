"""Getting Vosk's models, from a place on loopback that serves them as Vosk's own does."""

from __future__ import annotations

import hashlib
import io
import shutil
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import vosk
from filelock import FileLock
from vosk_mirror import FILES, Mirror, entry, packed, serving

from bot.errors import ModelError
from bot.hearing.vosk_engine.download import PARTIAL, Download, is_whole
from bot.hearing.vosk_engine.folder import language_of, speaks
from bot.hearing.vosk_engine.models import ListedModel, Source, choose

NAME = "vosk-model-small-en-us-0.15"


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with serving() as mirror:
        yield mirror


def download(mirror: Mirror, models: Path, wanted: str = NAME, **more: Any) -> Path:
    source = Source(mirror.url)
    return Download(source, models, **more).get(choose(source.models(), wanted))


def ranges(mirror: Mirror) -> list[str | None]:
    return [wanted for path, wanted in mirror.asked if path.endswith(".zip")]


def test_a_model_is_got_whole_with_sums_to_check_it_by(mirror: Mirror, tmp_path: Path) -> None:
    archive = mirror.offer(NAME)
    told: list[tuple[str, int, int]] = []

    folder = download(mirror, tmp_path, progress=lambda *step: told.append(step))

    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} == {
        *FILES,
        "SHA256SUMS",
    }
    assert is_whole(folder)
    assert told[-1] == ("unpacking", *[sum(map(len, FILES.values()))] * 2)
    assert ("downloading", len(archive), len(archive)) in told
    assert [p.name for p in (tmp_path / PARTIAL).iterdir() if p.name != "lock"] == []


def test_a_download_that_breaks_off_goes_on_where_it_stopped(
    mirror: Mirror, tmp_path: Path
) -> None:
    mirror.offer(NAME)
    mirror.breaks = [30_000, 50_000]

    assert is_whole(download(mirror, tmp_path))
    assert ranges(mirror) == [None, "bytes=30000-", "bytes=80000-"]


def test_it_goes_on_in_another_run_too(mirror: Mirror, tmp_path: Path) -> None:
    mirror.offer(NAME)
    mirror.breaks = [40_000, 0]
    with pytest.raises(ModelError, match=r"broke off at 40000 of \d+ bytes .*goes on from there"):
        download(mirror, tmp_path)
    assert not (tmp_path / NAME).exists()

    assert is_whole(download(mirror, tmp_path))
    assert ranges(mirror)[-1] == "bytes=40000-"


def test_a_source_that_knows_no_ranges_is_asked_from_the_beginning(
    mirror: Mirror, tmp_path: Path
) -> None:
    mirror.offer(NAME)
    mirror.knows_ranges = False
    mirror.breaks = [30_000]

    assert is_whole(download(mirror, tmp_path))


@pytest.mark.parametrize("size", [500, 10_000_000], ids=["a beginning", "longer than the archive"])
def test_a_leftover_of_another_archive_is_got_again(
    mirror: Mirror, tmp_path: Path, size: int
) -> None:
    mirror.offer(NAME)
    leftover = tmp_path / PARTIAL / f"{NAME}.zip"
    leftover.parent.mkdir()
    leftover.write_bytes(b"x" * size)

    assert is_whole(download(mirror, tmp_path))


def test_an_archive_that_is_not_the_listed_one_is_deleted_and_never_unpacked(
    mirror: Mirror, tmp_path: Path
) -> None:
    mirror.offer(NAME, md5="0" * 32)

    with pytest.raises(ModelError, match=r"its MD5 differs.*deleted"):
        download(mirror, tmp_path)

    assert [p.name for p in tmp_path.rglob("*") if p.name != "lock"] == [PARTIAL]


def test_more_than_was_promised_is_not_taken(mirror: Mirror, tmp_path: Path) -> None:
    mirror.offer(NAME, size=1000)

    with pytest.raises(ModelError, match="more than the 1000 bytes"):
        download(mirror, tmp_path)


def test_an_archive_that_is_not_there_is_said_to_be_missing(mirror: Mirror, tmp_path: Path) -> None:
    mirror.offer(NAME)
    mirror.archives.clear()

    with pytest.raises(ModelError, match=r"cannot be reached: it answered 404.*--source"):
        download(mirror, tmp_path)


def test_a_source_nobody_answers_at_is_named_with_what_to_do(mirror: Mirror) -> None:
    with serving() as gone:
        url = gone.url

    with pytest.raises(
        ModelError, match=r"model-list\.json cannot be reached.*another|models/vosk"
    ):
        Source(url).models()


def zipped(name: str, *, data: bytes = b"x", mode: int = 0) -> bytes:
    """A whole model and one entry more."""
    buffer = io.BytesIO(packed(NAME))
    with zipfile.ZipFile(buffer, "a") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        archive.writestr(info, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        f"{NAME}/../../evil",
        "/tmp/evil",  # noqa: S108 - never written
        f"{NAME}\\..\\evil",
        "C:/evil",
        "vosk-model-of-another-name/evil",
        "evil",
    ],
)
def test_an_archive_that_reaches_out_of_its_folder_leaves_nothing(
    mirror: Mirror, tmp_path: Path, name: str
) -> None:
    mirror.offer(NAME, zipped(name))
    models = tmp_path / "models"

    with pytest.raises(ModelError, match=r"not to be trusted.*nothing was unpacked"):
        download(mirror, models)

    assert not (models / NAME).exists()
    assert not list(tmp_path.rglob("*evil*"))


def test_a_link_in_an_archive_is_refused(mirror: Mirror, tmp_path: Path) -> None:
    mirror.offer(NAME, zipped(f"{NAME}/link", data=b"/etc/passwd", mode=stat.S_IFLNK | 0o777))

    with pytest.raises(ModelError, match="not to be trusted"):
        download(mirror, tmp_path)


def test_an_archive_that_would_fill_the_disk_is_refused(mirror: Mirror, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{NAME}/zeros", bytes(10_000_000))
    mirror.offer(NAME, buffer.getvalue())

    with pytest.raises(ModelError, match="unpacks to 10000000 bytes"):
        download(mirror, tmp_path)


@pytest.mark.parametrize("archive", [b"not a zip" * 100, packed(NAME)[:-40]])
def test_an_archive_that_is_none_is_refused(mirror: Mirror, tmp_path: Path, archive: bytes) -> None:
    mirror.offer(NAME, archive)

    with pytest.raises(ModelError, match="not to be trusted"):
        download(mirror, tmp_path)


def test_an_archive_without_a_whole_model_leaves_nothing(mirror: Mirror, tmp_path: Path) -> None:
    mirror.offer(NAME, packed(NAME, {f"{NAME}/am/final.mdl": b"x"}))

    with pytest.raises(ModelError, match=r"lacks conf/mfcc\.conf"):
        download(mirror, tmp_path)
    assert not (tmp_path / NAME).exists()


def test_too_small_a_disk_is_noticed_before_anything_is_downloaded(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.offer(NAME)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: DiskUsage(10**9, 10**9, 5_000))

    with pytest.raises(ModelError, match=r"needs 1 MB of disk.*0 MB are free"):
        download(mirror, tmp_path)
    assert ranges(mirror) == []


class DiskUsage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux that is always full")
def test_a_disk_that_fills_up_on_the_way_is_named_as_that(mirror: Mirror, tmp_path: Path) -> None:
    mirror.offer(NAME)
    (tmp_path / PARTIAL).mkdir()
    (tmp_path / PARTIAL / f"{NAME}.zip").symlink_to("/dev/full")

    with pytest.raises(ModelError, match=r"the disk of .* is full"):
        download(mirror, tmp_path)


def test_a_damaged_model_is_replaced(mirror: Mirror, tmp_path: Path) -> None:
    mirror.offer(NAME)
    folder = download(mirror, tmp_path)
    (folder / "am/final.mdl").write_bytes(b"damaged")
    assert not is_whole(folder)

    assert is_whole(download(mirror, tmp_path))


def test_two_downloads_at_once_do_not_mix(mirror: Mirror, tmp_path: Path) -> None:
    mirror.offer(NAME)
    (tmp_path / PARTIAL).mkdir()

    with (
        FileLock(tmp_path / PARTIAL / "lock"),
        pytest.raises(ModelError, match="another models get is under way"),
    ):
        download(mirror, tmp_path)


def test_the_newest_small_model_of_a_language_is_chosen(mirror: Mirror) -> None:
    mirror.offer("vosk-model-small-en-us-0.9")
    mirror.offer(NAME)
    mirror.offer("vosk-model-small-en-us-0.20", obsolete="true")
    mirror.offer("vosk-model-en-us-0.22", type="big")
    mirror.offer("vosk-model-small-fr-0.22", lang="fr")
    models = Source(mirror.url).models()

    assert [choose(models, wanted).name for wanted in ("en-us", "en", "fr")] == [
        NAME,
        NAME,
        "vosk-model-small-fr-0.22",
    ]
    assert choose(models, "vosk-model-en-us-0.22").kind == "big"
    with pytest.raises(ModelError, match=r"xx: no such model"):
        choose(models, "xx")
    with pytest.raises(ModelError, match=rf"did you mean {NAME}"):
        choose(models, "vosk-model-small-en-us-0.16")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "../../evil"},
        {"name": "/vosk-model-x"},
        {"md5": "short"},
        {"md5": ""},
        {"size": "40M"},
        {"size": 0},
        {"type": "spk"},
    ],
)
def test_an_entry_that_cannot_be_trusted_is_left_out(
    mirror: Mirror, changes: dict[str, Any]
) -> None:
    mirror.entries = [entry(NAME, b"") | {"size": 1} | changes, "no entry", 5]

    assert Source(mirror.url).models() == []


def test_an_entry_without_faults_is_read(mirror: Mirror) -> None:
    archive = mirror.offer(NAME)

    assert Source(mirror.url + "model-list.json").models() == [
        ListedModel(
            NAME,
            "en-us",
            "small",
            len(archive),
            hashlib.md5(archive, usedforsecurity=False).hexdigest(),
            obsolete=False,
            version="0.15",
        )
    ]


@pytest.mark.parametrize("url", ["ftp://x/y", "nonsense", "https://", "file:///etc"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ModelError, match="--source"):
        Source(url)


def test_without_a_source_vosks_own_is_used() -> None:
    assert Source().url == vosk.MODEL_LIST_URL
    model = ListedModel(NAME, "en-us", "small", 1, "0" * 32, obsolete=False, version="0.15")
    assert Source().archive(model) == f"{vosk.MODEL_PRE_URL}{NAME}.zip"


@pytest.mark.parametrize(
    ("name", "language"),
    [
        (NAME, "en-us"),
        ("vosk-model-fr-0.22", "fr"),
        ("vosk-model-small-fr-pguyot-0.3", "fr"),
        ("vosk-model-en-us-0.22-lgraph", "en-us"),
        ("vosk-mine", ""),
    ],
)
def test_a_models_name_tells_its_language(name: str, language: str) -> None:
    assert language_of(name) == language
    assert speaks(name, "en") is (language in {"", "en-us"})
