"""A watched file: each change is reported once."""

from pathlib import Path

from realtime.inputs.file_watcher import FileWatcher


def test_each_change_of_a_file_is_reported_once_also_after_it_has_disappeared(tmp_path: Path) -> None:
    path, changes = tmp_path / "m.toml", list[str]()
    watcher = FileWatcher(path, lambda: changes.append(path.read_text()))
    watcher.check()
    assert changes == []  # it doesn't exist
    path.write_text("a")
    watcher.check()
    watcher.check()
    path.unlink()
    watcher.check()
    path.write_text("long")
    watcher.check()
    assert changes == ["a", "long"]


def test_what_the_file_was_when_the_watcher_was_made_is_no_change(tmp_path: Path) -> None:
    path, changes = tmp_path / "m.toml", list[int]()
    path.write_text("a")
    watcher = FileWatcher(path, lambda: changes.append(1))
    watcher.check()
    assert changes == []
