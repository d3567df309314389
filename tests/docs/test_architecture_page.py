import re

import pytest

from tests.helpers.repository import REPOSITORY

PAGES = ("docs/inside/architecture.md", "CONTRIBUTING.md")
TOP = "drawstop|training|export|realtime|bench|docs|patches|tests"


def named_paths(page: str) -> set[str]:
    """Every path of the repository that a page names: in `code` without a placeholder, or as a link."""
    text = (REPOSITORY / page).read_text("utf-8")
    quoted = [path for path in re.findall(rf"`((?:{TOP})/[\w./-]*)`", text) if "NAME" not in path]
    folder = (REPOSITORY / page).parent
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    return {
        *quoted,
        *((folder / link).resolve().relative_to(REPOSITORY.resolve()).as_posix() for link in links),
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_path_on_the_page_exists(page: str) -> None:
    missing = [path for path in sorted(named_paths(page)) if not (REPOSITORY / path).exists()]
    assert missing == []


def test_the_page_names_every_folder_of_the_packages_once() -> None:
    rows = re.findall(r"^\| `((?:export|training|realtime|drawstop)/\w*/?)` \|", page_text(), re.MULTILINE)
    folders = {
        f"{package}/{folder.name}/"
        for package in ("export", "training", "realtime")
        for folder in (REPOSITORY / package).iterdir()
        if folder.is_dir() and any(folder.iterdir()) and not folder.name.startswith((".", "__"))
    }
    assert sorted(rows) == sorted({*folders, "export/", "training/", "realtime/", "drawstop/"})


def test_the_page_has_every_process_that_play_starts_by_its_file_and_function() -> None:
    text = page_text()
    started = {
        match
        for path in (REPOSITORY / "realtime").rglob("*.py")
        for match in re.findall(r"\"realtime\.([\w.]+):(run_\w+)\"", path.read_text("utf-8"))
    }
    assert len(started) == 7
    assert [module for module, _ in started if f"realtime/{module.replace('.', '/')}.py" not in text] == []
    functions = {function for _, function in started}
    assert set(re.findall(r"`(run_\w+)`", text)) <= functions


def page_text() -> str:
    return (REPOSITORY / "docs/inside/architecture.md").read_text("utf-8")
