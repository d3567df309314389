"""A watched file: each change is reported once."""

from pathlib import Path

from realtime.inputs.file_watcher import FileWatcher


def test_each_change_of_a_file_is_reported_once_also_after_it_has_disappeared(tmp_path: Path) -> None:
    path, changes = tmp_path / "m.toml", list[str]()
    watcher = FileWatcher(path, lambda: changes.append(path.read_text()))
    watcher.check()
    assert changes == []  # it doesn't exist
    path.write_text("a")
    for _ in range(4):
        watcher.check()
    path.unlink()
    watcher.check()
    path.write_text("long")
    for _ in range(4):
        watcher.check()
    assert changes == ["a", "long"]


def test_a_file_that_is_being_written_is_waited_for_and_the_last_version_counts(tmp_path: Path) -> None:
    path, changes = tmp_path / "organ.ts", list[str]()
    watcher = FileWatcher(
        path, lambda: changes.append(path.read_text()), lambda path: "end" in path.read_text()
    )
    for text in (
        "",
        "",
        "a",
        "a half",
        "a half",
        "a half",
        "whole end",
        "newer end",
        "newer end",
        "newer end",
    ):
        path.write_text(text)
        watcher.check()
        watcher.check()
    assert changes[-1] == "newer end" and "a half" not in changes
    changes.clear()
    path.write_text("x")
    watcher.check()
    path.write_text("xy end")  # it grows at every look
    watcher.check()
    path.write_text("xyz end")
    watcher.check()
    assert changes == []
    watcher.check()
    assert changes == ["xyz end"]


def test_what_the_file_was_when_the_watcher_was_made_is_no_change(tmp_path: Path) -> None:
    path, changes = tmp_path / "m.toml", list[int]()
    path.write_text("a")
    watcher = FileWatcher(path, lambda: changes.append(1))
    watcher.check()
    assert changes == []


def test_a_file_that_stays_half_is_taken_for_broken_after_a_while(tmp_path: Path) -> None:
    path, changes = tmp_path / "organ.ts", list[str]()
    watchers = [
        FileWatcher(path, lambda: changes.append("at once"), lambda path: False, patience_s=0.0),
        FileWatcher(path, lambda: changes.append("too early"), lambda path: False),
    ]
    path.write_text("half")
    for watcher in (*watchers, *watchers, *watchers):
        watcher.check()
    assert changes == ["at once"]
