"""Keys of many files compared on disk."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapmatch.extracting import sorting
from sapmatch.extracting.sorting import Repeated, repeated, vanished
from sapmatch.model.errors import InputRejected


def files(folder: Path, *contents: str) -> list[Path]:
    """One file for each; its keys are the words."""
    found = []
    for number, words in enumerate(contents):
        path = folder / f"{number}.{len(contents)}.ndjson"
        path.write_text("".join(f'["{word}"]\n' for word in words.split()), encoding="utf-8")
        found.append(path)
    return found


def test_keys_that_stand_once_are_none(tmp_path: Path) -> None:
    assert repeated(files(tmp_path, "a b", "c", ""), tmp_path, "A_Order") == []
    assert repeated([], tmp_path, "A_Order") == []


def test_each_file_that_holds_a_repeated_key_is_named_and_which_is_the_last(
    tmp_path: Path,
) -> None:
    found = repeated(files(tmp_path, "a b c", "b", "d d b"), tmp_path, "A_Order")
    assert found == [
        Repeated(0, '["b"]', False),
        Repeated(1, '["b"]', False),
        Repeated(2, '["b"]', True),
        Repeated(2, '["d"]', True),
    ]


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=4), max_size=4))
def test_what_repeats_is_found_in_any_order(contents: list[list[str]]) -> None:
    """RE-19: also across files, and where all keys ascend."""
    counts = Counter(word for words in contents for word in words)
    expected = {f'["{word}"]' for word, count in counts.items() if count > 1}
    with TemporaryDirectory() as folder:
        given_files = files(Path(folder), *(" ".join(words) for words in contents))
        assert {each.key for each in repeated(given_files, Path(folder), "A_Order")} == expected


def test_keys_hold_any_character(tmp_path: Path) -> None:
    hostile = ['["a,b\\"c","\'"]', '["\\u0001"]', '["ä \\\\","1"]', "[1.50]", "[1.5]"]
    path = tmp_path / "keys.ndjson"
    path.write_text("".join(f"{line}\n" for line in [*hostile, *hostile]), encoding="utf-8")
    assert [each.key for each in repeated([path], tmp_path, "A_Order")] == sorted(hostile)


def test_more_repeated_keys_than_fit_into_memory_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorting, "MOST_REPEATED", 2)
    with pytest.raises(InputRejected, match=r'3 keys .* partition = "key"'):
        repeated(files(tmp_path, "a b c", "a b c"), tmp_path, "A_Order")


@pytest.mark.parametrize(
    ("old", "new", "gone"),
    [
        (("a b", "c a"), ("b",), ["a", "c"]),
        (("a",), ("a", "b"), []),
        (("b a",), (), ["a", "b"]),
        ((), ("a",), []),
    ],
)
def test_keys_that_are_there_no_more(
    old: tuple[str, ...], new: tuple[str, ...], gone: list[str], tmp_path: Path
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    to = tmp_path / "vanished"
    count = vanished(files(tmp_path / "old", *old), files(tmp_path / "new", *new), tmp_path, to)
    assert count == len(gone)
    assert to.read_text(encoding="utf-8").splitlines() == [f'["{key}"]' for key in gone]


def test_files_outside_the_workspace_are_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    with pytest.raises(InputRejected, match="cannot be compared"):
        repeated(files(tmp_path, "b a"), tmp_path / "work", "A_Order")
