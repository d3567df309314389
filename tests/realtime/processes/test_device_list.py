"""Which sound device a name means."""

import pytest

from drawstop.errors import DrawstopError
from realtime.processes.device_list import SoundDevice, find_device

NAMES = [
    ("default", "ALSA"),
    ("default left", "ALSA"),
    ("USB", "ALSA"),
    ("USB", "JACK"),
    ("USB 2", "JACK"),
    ("Scarlett", "ALSA"),
]
DEVICES = [
    SoundDevice(index, name, api, 2, 2, 48000, index == 0, index == 0)
    for index, (name, api) in enumerate(NAMES)
]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [("default", 0), ("DEFAULT", 0), ("USB (JACK)", 3), ("usb (alsa)", 2), ("USB 2", 4), ("scar", 5),
      ("jack usb 2", 4), ("5", 5), (None, 0)],
)  # fmt: skip
def test_a_whole_name_with_or_without_its_api_goes_before_a_part(wanted: str | None, index: int) -> None:
    assert find_device(DEVICES, wanted, "input").index == index


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (
            "usb",
            r"2 sound inputs fit 'usb': 2 USB \(ALSA\); 3 USB \(JACK\); give a whole name with its API, or the number",
        ),
        ("us", "3 sound inputs fit 'us'"),
        ("piano", "no sound input fits 'piano'; there are: 0 default"),
    ],
)
def test_what_is_ambiguous_or_unknown_is_refused(wanted: str, says: str) -> None:
    with pytest.raises(DrawstopError, match=says):
        find_device(DEVICES, wanted, "input")
