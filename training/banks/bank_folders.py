"""Banks of several sites of one model in one folder: `BANK/layers.0/`, `BANK/layers.1/` and so on; or one bank alone."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from drawstop.errors import DrawstopError
from drawstop.files import atomic_folder, write_json
from training.banks.bank import STOPS_FILE, StopBank, load_bank, save_bank
from training.banks.stop import Stop

BANKS_FILE = "banks.json"
_FORMAT = 1


def save_banks(folder: Path, banks: Sequence[StopBank]) -> None:
    """Writes one bank as the folder itself, several as a folder of banks; whole or not at all.

    Raises:
        DrawstopError: a folder that can't be written, or holds something else.
    """
    if len(banks) == 1:
        save_bank(folder, banks[0])
        return
    with atomic_folder(folder, marker=BANKS_FILE) as beside:
        for bank in banks:
            save_bank(beside / bank.site, bank)
        write_json(beside / BANKS_FILE, {"format": _FORMAT, "sites": [bank.site for bank in banks]})


def load_banks(folder: Path, fingerprint: str | None = None) -> list[StopBank]:
    """The banks of a folder, in the order of their sites; a list of one where the folder is a bank itself.

    Raises:
        DrawstopError: no bank there, a damaged one, or one of another model.
    """
    return [load_bank(path, fingerprint) for path in bank_folders(folder)]


def bank_at(banks: Sequence[StopBank], site: str | None) -> StopBank:
    """The bank of a site; without one the first that has a stop. Raises DrawstopError naming the known sites."""
    if site is None:
        return next((bank for bank in banks if bank.stops), banks[0])
    for bank in banks:
        if bank.site == site:
            return bank
    raise DrawstopError(f"no bank of the site {site!r}: expected one of {', '.join(b.site for b in banks)}")


def save_stops(folder: Path, banks: Sequence[StopBank], name: str, stops: Mapping[str, Stop]) -> None:
    """Adds one concept's stops, by site, to the banks of a folder; a bank that needs none loses an older one of that name.

    Args:
        banks: as `load_banks` gave them, or the one bank that the folder is.
    """
    for path, bank in zip(bank_folders(folder), banks, strict=True):
        if bank.site in stops:
            save_bank(path, bank.with_stop(stops[bank.site]))
        elif any(stop.name == name for stop in bank.stops):
            save_bank(path, bank.without_stop(name))


def bank_folders(folder: Path) -> list[Path]:
    """The folders of a folder's banks. Raises DrawstopError where there is none."""
    if not (folder / BANKS_FILE).is_file():
        return [folder]
    try:
        content = json.loads((folder / BANKS_FILE).read_text(encoding="utf-8"))
        sites, format = [str(site) for site in content["sites"]], content["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise DrawstopError(f"{folder / BANKS_FILE} is damaged ({error}): train the banks again") from error
    if format != _FORMAT:
        raise DrawstopError(
            f"{folder} has format {format}, this version reads {_FORMAT}: train the banks again"
        )
    return [folder / site for site in sites]


def is_ours(folder: Path) -> bool:
    """Says whether a folder may be replaced by a bank or banks: it is missing, empty, or one of them."""
    if not folder.is_dir():
        return not folder.exists()
    return not any(folder.iterdir()) or any((folder / name).is_file() for name in (STOPS_FILE, BANKS_FILE))
