"""Playing live, in four kinds of process that share memory.

`device` copies sound between the sound card and a ring and does nothing else; `conductor` cuts it into blocks,
mixes and records; `player_process` holds one instrument; `stage`, in the command's own process, starts them,
watches them and brings them back. A busy screen, a slow load or a crash in one stops none of the others.
"""
