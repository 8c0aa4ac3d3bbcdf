from pathlib import Path

import pytest

from bot.calls.scenarios.choosing import choose, find_scenarios
from bot.errors import ScenarioError

CALL = """
name: {name}
caller: {{turns: [{{after: amount.ask, keys: "1"}}]}}
expect: {{result: success}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for stem, name in {
        "hang-up-early": "A caller hangs up at once",
        "hang-up-late": "A caller hangs up after the money",
        "star-cancels": "The star key cancels [at once]",
    }.items():
        (tmp_path / f"{stem}.yml").write_text(CALL.format(name=name))
    return tmp_path


def stems(folder: Path, *only: str) -> list[str]:
    return [each.path.stem for each in choose([folder], only)]


def test_without_a_pattern_all_are_chosen_in_the_order_of_their_files(folder: Path) -> None:
    assert stems(folder) == ["hang-up-early", "hang-up-late", "star-cancels"]


@pytest.mark.parametrize(
    ("pattern", "chosen"),
    [
        ("hang-up", ["hang-up-early", "hang-up-late"]),
        ("HANG-UP-EARLY.YML", ["hang-up-early"]),
        ("after the money", ["hang-up-late"]),
        ("*late", ["hang-up-late"]),
        ("hang-up-*.yml", ["hang-up-early", "hang-up-late"]),
        ("the star key*", ["star-cancels"]),
        ("hang-up-????", ["hang-up-late"]),
    ],
)
def test_a_pattern_is_a_part_of_a_name_or_fits_the_whole_of_it(
    folder: Path, pattern: str, chosen: list[str]
) -> None:
    assert stems(folder, pattern) == chosen


def test_several_patterns_add_up_and_nothing_is_chosen_twice(folder: Path) -> None:
    assert stems(folder, "early", "star", "hang-up-e*") == ["hang-up-early", "star-cancels"]


@pytest.mark.parametrize(
    ("pattern", "near"),
    [
        ("hangup-late", "hang-up-late"),
        ("star-cancel", "star-cancels"),
        ("cancels-*", "star-cancels"),
    ],
)
def test_a_pattern_that_fits_nothing_is_an_error_that_names_what_is_near(
    folder: Path, pattern: str, near: str
) -> None:
    if pattern == "star-cancel":
        (folder / "star-cancels.yml").rename(folder / "stars-cancel.yml")
        near = "stars-cancel"
    with pytest.raises(ScenarioError, match=f"no such scenario; near: .*{near}"):
        choose([folder], ["hang-up", pattern])


def test_where_nothing_is_near_nothing_is_named(folder: Path) -> None:
    with pytest.raises(ScenarioError, match=r"no such scenario$"):
        choose([folder], ["qqq"])


def test_a_folder_gives_its_scenarios_in_order_and_an_empty_one_is_an_error(
    tmp_path: Path,
) -> None:
    with pytest.raises(ScenarioError, match="no scenario"):
        find_scenarios([tmp_path])
    with pytest.raises(ScenarioError, match="no such scenario file"):
        find_scenarios([tmp_path / "nowhere"])
    for name in ("b.yml", "a.yml"):
        (tmp_path / name).write_text(CALL.format(name="x"))
    assert [path.name for path in find_scenarios([tmp_path])] == ["a.yml", "b.yml"]
