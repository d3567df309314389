"""The README of a folder of patches: three steps to sound, and which controller moves which stop."""

from export.patches.content import NN_BUFFER, OMP_HINT, OSC_PORT, PatchContent

STEPS = """1. Put `{file}` beside these patches. In Max, add this folder to Options > File Preferences, so that the help
   patches find it too.
2. Open `{name}.pd` in Pd or `{name}.maxpat` in Max; drop `{name}.amxd` on a track in Live; evaluate `{name}.scd` in
   SuperCollider."""
PACKAGE_STEPS = """1. Drop this folder, whole, into Max's packages folder (`Documents/Max 9/Packages`) or among Pd's externals
   (`Documents/Pd/externals`). The instrument is inside.
2. Open `{name}.pd` in Pd or `patchers/{name}.maxpat` in Max; drop `devices/{name}.amxd` on a track in Live; evaluate
   `{name}.scd` in SuperCollider."""


def readme(content: PatchContent, *, package: bool = False) -> str:
    """The text of README.md."""
    rate = content.description.sample_rate
    steps = (PACKAGE_STEPS if package else STEPS).format(file=content.file, name=content.name)
    return f"""# {content.name}

Pd, Max and SuperCollider files of the instrument `{content.file}`, written by `drawstop patches`. Pd and Max need
[nn~](https://github.com/acids-ircam/nn_tilde) 1.6 or later, SuperCollider needs [nn.ar](https://github.com/elgiano/nn.ar).

{steps}
3. Set the sound card to {rate} Hz and turn the sound on.

{OMP_HINT}

## Knobs

{content.values_text[0].upper()}{content.values_text[1:]}. {content.midi_text} OSC comes in on UDP port
{OSC_PORT}, one number a message; a list, a symbol or an empty message moves nothing (NaN reaches Pd as 0). The patch shows its
port. Of several patches that are open in one program each takes a port of its own: {OSC_PORT}, {OSC_PORT + 1}, and so on. Two
programs don't know of each other: give the second one's patch another port, because of two on one port only the one
that was opened last receives anything.

{_table(content)}

In a message to nn~: `set {content.stops[0].slug} -1`. The other attributes: `set ramp 0.02` (seconds that a
value travels), `set bypass 1` (the model without its stops), `set noise 0` (without the model's own noise), `set reset 1`.

## Delay

{content.delay_line()}

- Pd: the patch's bufsize buttons change the buffer. 0 works without a worker thread: quicker to answer, easier to overload.
- Live: the device asks Live to make up for this delay. On Windows nn~ has no worker thread in Max, and less delay.

## What crashes nn~ 1.6, and Pd or Max with it

- In Pd, a box with a size of its own above {NN_BUFFER}, where the method has one inlet and one outlet. The patch's bufsize
  buttons are safe.
- A message that has a number in the place of an attribute's name: `set 1 0.5`.
- Quitting Pd while the sound is on. Turn it off first (`; pd dsp 0`).
- A damaged `.ts` (a half-finished download), or one whose name has fewer than three letters.

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
