"""Playing baked instruments: any block size in, sample-accurate knobs, a delay that is a reported number.

`engine` loads a `.ts` and plays it block by block, `controllers` turn MIDI and OSC into events, `processes` and `live`
play it with a sound device, `recording` stores and repeats performances. Nothing here imports `training` or `export`.
"""
