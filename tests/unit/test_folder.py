"""The ports Objects and Control on a folder of this machine."""

import threading
from pathlib import Path

import pytest

from sapmatch.folder import FolderControl, FolderObjects, work_folder
from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.ports import Control, Objects


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return FolderObjects(tmp_path / "new")


@pytest.fixture
def control(tmp_path: Path) -> Control:
    return FolderControl(tmp_path / "new")


def test_what_was_written_is_read_again_and_replaced(objects: Objects) -> None:
    objects.write("a/b.json", b"1")
    objects.write("a/b.json", b"22")
    assert objects.read("a/b.json") == b"22"
    assert objects.size("a/b.json") == 2
    assert objects.version("a/b.json") is None
    with pytest.raises(InputRejected, match="no version v1"):
        objects.read("a/b.json", "v1")
    assert objects.exists("a/b.json")
    assert not objects.exists("a")


def test_what_is_missing_is_named(objects: Objects, tmp_path: Path) -> None:
    for miss in (objects.read, objects.size, objects.version):
        with pytest.raises(InputRejected, match="a/b: does not exist"):
            miss("a/b")
    with pytest.raises(InputRejected, match="does not exist"):
        objects.fetch("a/b", tmp_path / "copy")


@pytest.mark.parametrize("key", ["", "/etc/x", "a/../../x", "a//b", "./a"])
def test_a_key_never_leads_out_of_the_folder(objects: Objects, key: str) -> None:
    with pytest.raises(InputRejected, match="is no name"):
        objects.write(key, b"")


def test_keys_come_in_order_below_any_prefix(objects: Objects) -> None:
    for key in ("run/b/2", "run/b/1", "run/a", "runner/c"):
        objects.write(key, b"")
    assert list(objects.keys("run/")) == ["run/a", "run/b/1", "run/b/2"]
    assert list(objects.keys("run/b/")) == ["run/b/1", "run/b/2"]
    assert list(objects.keys("ru")) == ["run/a", "run/b/1", "run/b/2", "runner/c"]
    assert list(objects.keys("none/")) == []


def test_the_first_of_many_is_the_one_that_stays(objects: Objects) -> None:
    won: list[bytes] = []

    def write(data: bytes) -> None:
        if objects.write_once("plan.json", data):
            won.append(data)

    threads = [threading.Thread(target=write, args=(b"%d" % n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [objects.read("plan.json")]


def test_files_are_copied_in_and_out(objects: Objects, tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(b"rows")
    objects.store("a/rows", tmp_path / "given")
    objects.fetch("a/rows", tmp_path / "taken")
    assert (tmp_path / "taken").read_bytes() == b"rows"
    objects.delete("a/rows")
    objects.delete("a/rows")
    assert not objects.exists("a/rows")


def test_a_write_that_fails_leaves_the_old_value_and_nothing_else(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path / "new")
    objects.write("rows", b"old")
    with pytest.raises(InputRejected, match="cannot be written"):
        objects.store("rows", tmp_path / "none")
    assert objects.read("rows") == b"old"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["rows"]


def test_only_who_knows_the_version_may_change_a_value(control: Control) -> None:
    assert control.read("lease") is None
    assert control.write("lease", b"me", expected=0) == 1
    with pytest.raises(PreconditionFailed, match="lease"):
        control.write("lease", b"you", expected=0)
    assert control.write("lease", b"\x00\xff", expected=1) == 2
    stored = control.read("lease")
    assert stored is not None
    assert (stored.value, stored.version) == (b"\x00\xff", 2)


def test_of_many_changes_of_one_version_one_happens(control: Control) -> None:
    won: list[int] = []

    def change(number: int) -> None:
        try:
            control.write("permits", b"%d" % number, expected=0)
        except PreconditionFailed:
            return
        won.append(number)

    threads = [threading.Thread(target=change, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = control.read("permits")
    assert stored is not None
    assert [b"%d" % number for number in won] == [stored.value]


def test_a_work_folder_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with (
        work_folder(tmp_path, "Set"),
        work_folder(tmp_path, "Other"),
        pytest.raises(InputRejected, match="at work"),
        work_folder(tmp_path, "Set"),
    ):
        pass
    with work_folder(tmp_path, "Set") as folder:
        assert folder == tmp_path / ".sapmatch" / "Set"
    assert tmp_path.is_dir()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("below", ["file", "file/a"])
def test_a_target_that_can_be_no_folder_is_named_as_it_was_given(
    tmp_path: Path, below: str
) -> None:
    (tmp_path / "file").write_text("mine")
    to = tmp_path / below
    with pytest.raises(InputRejected, match=f"^--to {to}: cannot"), work_folder(to, "Set"):
        pass
    assert (tmp_path / "file").read_text() == "mine"


def test_a_target_that_may_not_be_written_is_named_as_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", denied)
    with (
        pytest.raises(InputRejected, match=rf"^--to {tmp_path}: .*\(Permission denied\)$"),
        work_folder(tmp_path, "Set"),
    ):
        pass


def test_a_target_that_was_not_there_is_gone_where_nothing_came_into_it(tmp_path: Path) -> None:
    with work_folder(tmp_path / "a" / "b", "Set"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_lies_in_a_work_folder_stays(tmp_path: Path) -> None:
    with work_folder(tmp_path / "a", "Set") as folder:
        (folder / "page").write_text("")
    assert [path.name for path in folder.iterdir()] == ["page"]


def test_a_target_that_cannot_be_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputRejected, match="cannot be written"),
        work_folder(tmp_path / "file", "Set"),
    ):
        pass
