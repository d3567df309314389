"""Real Pd, headless, with nn~ replaced by stubs that print every message they get.

A patch under test is copied with its `nn~ X.ts method` boxes renamed `nn-method`; each stub has the inlets and outlets
that nn~ would make (one more outlet, for nn~'s own messages). Steps are appended to the copy: each prints its number
and then sends one message by name, so that what the stubs print belongs to a step.
"""

import re
import subprocess
from pathlib import Path

from drawstop.instrument_description import InstrumentDescription, MethodDescription
from tests.helpers.waiting import PATIENCE_S

STEP_MS = 20
HELD = 0.125
"""Outlet k of a stub whose numbers of inlets and outlets differ gives this times (k + 1)."""
Step = tuple[str, str]
"""A name to send to, as in the patch, and the message."""


def write_stubs(folder: Path, description: InstrumentDescription) -> None:
    for method in description.methods:
        (folder / f"nn-{method.name}.pd").write_text(_stub(method))


def stubbed(patch: str, model: str) -> str:
    """The patch with stubs for nn~; every nn~ box must open `model`."""
    box = re.compile(r"^(#X obj \d+ \d+) nn~ (\S+) (\w+)", re.MULTILINE)
    opened = {found[2] for found in box.finditer(patch)}
    assert opened == {model}, opened
    return box.sub(r"\1 nn-\3", patch)


def run(patch: str, folder: Path, steps: list[Step], names: list[str] | None = None) -> list[str]:
    """Opens the patch, takes the steps, and gives every line that Pd printed.

    Args:
        patch: a stubbed patch.
        folder: where the stubs lie.
        steps: what to send, in order.
        names: names whose values are printed too.
    """
    path = folder / "under_test.pd"
    path.write_text(patch + _script(count_objects(patch), steps, names or []))
    command = ["pd", "-nogui", "-stderr", "-nosound", "-batch", "-nomidi", "-open", str(path)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, cwd=folder, check=False
    )
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert done.returncode == 0 and lines[-1:] == ["step: end"], (done.returncode, lines[-5:])
    return lines[:-1]


def unexpected_lines(lines: list[str]) -> list[str]:
    """The lines that Pd printed by itself: objects and cords that it could not create."""
    return [line for line in lines if not re.match(r"(nn-\w+|step|sent-\S+): ", line)]


def by_step(lines: list[str]) -> list[list[str]]:
    """The lines before the first step, then those after each one."""
    parts: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("step: "):
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def count_objects(patch: str) -> int:
    """How many objects a patch's own window has: the number that the next one gets."""
    return len(top_objects(patch))


def top_objects(patch: str) -> list[str]:
    """The objects of a patch's own window in their order; a sub-patch is its `#X restore` line."""
    depth, found = -1, []
    for line in patch.splitlines():
        if line.startswith("#N canvas"):
            depth += 1
        elif line.startswith("#X restore"):
            depth -= 1
            found += [line] if depth == 0 else []
        elif depth == 0 and line.startswith("#X ") and not line.startswith(("#X connect", "#X f ")):
            found.append(line)
    return found


def _script(first: int, steps: list[Step], names: list[str]) -> str:
    """Objects and cords that take the steps, one every `STEP_MS`, and then quit."""
    lines, cords, number = ["#X obj 0 900 loadbang;"], [], first + 1
    for place, (name, message) in enumerate([*steps, ("pd", "quit")], start=1):
        last = place == len(steps) + 1
        words = [
            "obj 0 900 del " + str(place * STEP_MS),
            "obj 0 900 t b b",
            f"msg 0 900 {'end' if last else place}",
        ]
        words += ["obj 0 900 print step", f"msg 0 900 {message}", f"obj 0 900 s {name}"]
        lines += [f"#X {each};" for each in words]
        after, both, mark, printed, sent, target = range(number, number + 6)
        cords += [(first, 0, after, 0), (after, 0, both, 0), (both, 1, mark, 0), (mark, 0, printed, 0)]
        cords += [(both, 0, sent, 0), (sent, 0, target, 0)]
        number += 6
    for name in names:
        lines += [f"#X obj 0 900 r {name};", f"#X obj 0 900 print sent-{name.removeprefix(chr(92) + '$0-')};"]
        cords.append((number, 0, number + 1, 0))
        number += 2
    return "\n".join([*lines, *(f"#X connect {a} {b} {c} {d};" for a, b, c, d in cords)]) + "\n"


def _stub(method: MethodDescription) -> str:
    """A patch that prints its messages, and passes its sound on where it has as many outlets as inlets."""
    ins, outs = len(method.inlets), len(method.outlets)
    lines, cords = (
        ["#N canvas 0 0 400 300 12;", f"#X obj 0 100 print nn-{method.name};"],
        ["#X connect 1 1 0 0;"],
    )
    lines += [f"#X obj {60 * place} 0 inlet~{'' if place else ' fwd'};" for place in range(ins)]
    lines += [f"#X obj {60 * place} 200 outlet~;" for place in range(outs)] + [
        f"#X obj {60 * outs} 200 outlet;"
    ]
    lines += [f"#X obj 0 150 sig~ {HELD * (place + 1):g};" for place in range(outs)]
    for place in range(outs):
        source = 1 + place if ins == outs else 1 + ins + outs + 1 + place
        cords.append(f"#X connect {source} 0 {1 + ins + place} 0;")
    return "\n".join([*lines, *cords]) + "\n"
