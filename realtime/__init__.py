"""Playing baked instruments: any block size in, sample-accurate knobs, a delay that is a reported number.

`instrument_file` loads a `.ts`, `engine` plays it block by block, `controls` turns MIDI into knob events,
`render` plays whole files. This room never imports `training` or `export`.
"""
