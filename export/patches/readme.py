"""The README of a folder of patches: three steps to sound, and which controller moves which stop."""

from export.patches.content import NN_BUFFER, OMP_HINT, OSC_PORT, PatchContent

STEPS = """1. Put `{file}` beside these patches. In Max, add this folder to Options > File Preferences, so that the help
   patches find it too.
2. Open `{name}.pd` in Pd or `{name}.maxpat` in Max; drop `{name}.amxd` on a track in Live."""
PACKAGE_STEPS = """1. Drop this folder, whole, into Max's packages folder (`Documents/Max 9/Packages`) or among Pd's externals
   (`Documents/Pd/externals`). The instrument is inside.
2. Open `{name}.pd` in Pd or `patchers/{name}.maxpat` in Max; drop `devices/{name}.amxd` on a track in Live."""


def readme(content: PatchContent, *, package: bool = False) -> str:
    """The text of README.md."""
    rate = content.description.sample_rate
    steps = (PACKAGE_STEPS if package else STEPS).format(file=content.file, name=content.name)
    return f"""# {content.name}

Pd and Max patches of the instrument `{content.file}`, written by `drawstop patches`. They need
[nn~](https://github.com/acids-ircam/nn_tilde) 1.6 or later.

{steps}
3. Set the sound card to {rate} Hz and turn the sound on.

{OMP_HINT}

## Knobs

{content.values_text[0].upper()}{content.values_text[1:]}. {content.midi_text} OSC comes in on UDP port
{OSC_PORT}.

{_table(content)}

In a message to nn~: `set {content.stops[0].slug} -1`. The other attributes: `set ramp 0.02` (seconds that a
value travels), `set bypass 1` (the model without its stops), `set noise 0` (without the model's own noise), `set reset 1`.

## Delay

{content.delay_line()}

- Pd: the patch's bufsize buttons change the buffer. 0 works without a worker thread: quicker to answer, easier to overload.
- Live: the device asks Live to make up for this delay. On Windows nn~ has no worker thread in Max, and less delay.

Don't give an nn~ box in Pd a size of its own: above {NN_BUFFER}, nn~ 1.6 crashes with it where a method has one inlet and
one outlet. The buttons are safe.

## Help

`help/` holds a patch for every method: `forward`, `play` (a signal per stop), `encode` and `decode`, `steer` (latents),
`listen` (how strongly each stop sounds now).
"""


def _table(content: PatchContent) -> str:
    rows = ["| stop | attribute | MIDI control change | OSC |", "|---|---|---|---|"]
    for stop in content.stops:
        controller = content.controller(stop)
        name = stop.name.replace("|", "\\|")
        rows.append(f"| {name} | `{stop.slug}` | {controller or 'none'} | `{content.address(stop)}` |")
    return "\n".join(rows)
