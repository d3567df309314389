"""`mapping.toml` by example: what docs/play/controllers.md shows, and the tests read."""

EXAMPLE = """\
# What moves what. Save this file while it plays: the change applies at once.

takeover = "pickup"      # a knob at another position than its stop's waits until it passes it; or jump, scale, relative
smoothing = 0.01         # seconds in which a stop follows its knob
programs = true          # a program change recalls the scene of that number; or { channel = 2, device = "FCB1010" }
clock = "drum"           # follow the MIDI clock of this box alone; otherwise the first that ticks
feedback = true          # send the values of stops back to motor faders and rings of lights

[[knob]]
source = "cc 20"         # also cc14 1, nrpn 300, rpn 0, bend, pressure, key-pressure 60, note 60, program 3
stop = "guitar"          # or "#1": the instrument's first stop, whatever its name

[[knob]]                 # only this box, only its channel 2, turned the other way round, flat in the middle
source = "cc14 1"
device = "nanoKONTROL"
channel = 2
order = "msb-first"      # which half of a 14-bit value comes first; or lsb-first
stop = "voice"
range = [1.0, -1.0]
dead_zone = 0.1
takeover = "scale"

[[knob]]                 # an endless encoder
source = "cc 30"
mode = "relative"
encoding = "twos-complement"  # or binary-offset, sign-bit
step = 0.01
stop = "engine.wet"

[[knob]]                 # a pad: as loud as it is struck, while it is held; or toggle, momentary
source = "note 36"
mode = "velocity"
stop = "voice"

[[knob]]                 # the same knob moves another stop, bent
source = "cc 20"
stop = "engine.output_gain"
range = [-12.0, 0.0]
curve = "s-curve"        # or linear, exponential, { steps = 5 }, { table = [[0, 0], [0.7, 0.2], [1, 1]] }
shift = "alt"            # only while the shift button of that name is held
bank = "two"             # only while this page of knobs is chosen

[[knob]]                 # a finger's pressure on an MPE controller; also mpe bend, mpe timbre, mpe strike, mpe lift
source = "mpe pressure"
notes = "max"            # of several notes the one pressed hardest; or sum, or last: the newest note
stop = "guitar"

[[knob]]                 # gliding two semitones to either side goes all the way
source = "mpe bend"
semitones = 2
stop = "voice"

[[button]]
source = "note 40"
does = "shift"           # or scene, store, instrument, bank (each with a name); next-scene, tap, undo, panic, bypass, …
name = "alt"

[[button]]                # a pedal that latches: 127 at one step, 0 at the next; without trigger only 127 is a press
source = "cc 64"
does = "panic"
trigger = "any"

[[button]]
source = "note 42"
does = "scene"
name = "verse"
beats = 4                # quarter notes of the MIDI clock; or seconds; without either the scene's own time

[mpe]                    # the zones' member channels, until the controller sends its own; without this, lower = 15
lower = 15

[combine]
voice = "sum"            # knobs of this stop add up; otherwise the one moved last counts
"""
