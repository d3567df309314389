import importlib
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.repository import REPOSITORY

ROOT = REPOSITORY
PACKAGES = ("drawstop", "realtime", "training", "export")

MACHINE_PATH = re.compile(r"(?<![\w.$}])/(?:work|root|home|Users|tmp)/\w")
PUBLIC_REGISTRIES = {"https://pypi.org", "https://files.pythonhosted.org"}


def tracked_text() -> list[tuple[Path, str]]:
    """Every file that git tracks or would add, where it is text."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    files = []
    for name in filter(None, listed.split("\0")):
        try:
            files.append((ROOT / name, (ROOT / name).read_text("utf-8")))
        except (UnicodeDecodeError, FileNotFoundError):
            continue
    return files


@pytest.mark.slow
@pytest.mark.parametrize("name", PACKAGES)
def test_no_installed_distribution_shadows_our_packages(name: str) -> None:
    module = importlib.import_module(name)
    origins = [module.__file__] if module.__file__ else list(module.__path__)
    assert all(Path(str(origin)).resolve().is_relative_to(ROOT) for origin in origins), origins
    owners = importlib.metadata.packages_distributions().get(name, ["drawstop"])
    assert set(owners) == {"drawstop"}


def test_tracked_files_hold_no_path_of_one_machine() -> None:
    paths = {
        str(path.relative_to(ROOT)): match[0]
        for path, text in tracked_text()
        if path != Path(__file__) and (match := MACHINE_PATH.search(text))
    }
    assert paths == {}


def test_the_lock_holds_the_public_registrys_addresses_only() -> None:
    addresses = set(re.findall(r"https?://[^/\"]+", (ROOT / "uv.lock").read_text("utf-8")))
    assert addresses == PUBLIC_REGISTRIES


@pytest.mark.slow
def test_heavy_libraries_and_those_of_one_system_are_imported_only_where_they_are_used() -> None:
    files = [path for name in ("realtime", "training", "export") for path in (ROOT / name).rglob("*.py")]
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in files
        if not any(part == "recipes" for part in path.parts)
    ]
    program = (
        f"import builtins, importlib, sys, warnings; PACKAGES = {PACKAGES!r}\n"
        "warnings.simplefilter('ignore')\n"
        "posix, ours, plain = {'fcntl', 'termios', 'tty', 'pty', 'resource', 'pwd', 'grp'}, set(PACKAGES), builtins.__import__\n"
        "def imported(name, globals=None, *rest):\n"
        "    importer = (globals or {}).get('__name__') or ''\n"
        "    if name in posix and importer.split('.')[0] in ours: raise ImportError(f'{importer} imports {name}')\n"
        "    return plain(name, globals, *rest)\n"
        "builtins.__import__ = imported\n"
        "for name in sys.argv[1:]: importlib.import_module(name)\n"
        "heavy = {'rave', 'audiocraft', 'sae_lens', 'nn_tilde', 'pyworld', 'scripts'}\n"
        "sys.exit(' '.join(sorted(heavy & set(sys.modules))))\n"
    )
    command = [sys.executable, "-c", program, *modules]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.stderr.strip() == ""


@pytest.mark.slow
def test_the_wheel_holds_the_four_packages_with_their_data_and_nothing_else(
    tmp_path: Path, needs_program: Callable[[str], None]
) -> None:
    needs_program("uv")
    uv = shutil.which("uv")
    assert uv is not None
    command = [uv, "build", "--wheel", "--offline", "--out-dir", str(tmp_path), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    if built.returncode != 0 and "hatchling" in built.stderr:
        pytest.skip("the build back end isn't in uv's cache, and this test takes nothing from the network")
    assert built.returncode == 0, built.stderr
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    assert {name.split("/")[0] for name in names} == {*PACKAGES, f"drawstop-{_version()}.dist-info"}
    shipped = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PACKAGES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    recipes = "training/recipes/"  # how the demo's data were made: run from a clone
    expected = {name for name in shipped if (ROOT / name).is_file() and not name.startswith(recipes)}
    assert expected - set(names) == set()
    assert [name for name in names if name.startswith(recipes)] == []


def _version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])
