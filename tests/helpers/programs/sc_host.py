"""Real sclang, headless, and real scsynth on a JACK server, with nn.ar's classes replaced by stubs.

A stub of `NN(name, method).ar` prints how it was called and plays its last inputs, one of them a stop's signal, so that
what the file's synth sends to the model can be measured at its output. nn.ar's interface is that of its version 0.0.3 and
later.
"""

import os
import signal
import subprocess
from pathlib import Path

TIMEOUT_S = 60  # a run takes three seconds on a quiet machine
STUB = r"""
NN {
	classvar loaded;
	*initClass { loaded = IdentityDictionary.new }
	*load { |key, path, id(-1), server, action|
		"stub load % %".format(key, path.basename).postln;
		loaded[key] = path;
		action.value(key);
		^key
	}
	*new { |key, method|
		loaded[key] ?? { Error("model '%' not found".format(key)).throw };
		^NNModelMethod.new(key, method)
	}
}

NNModelMethod {
	var key, method;
	*new { |key, method| ^super.newCopyArgs(key, method) }
	ar { |inputs, bufferSize=(-1), warmup=0, debug=0, attributes(#[])|
		"stub % inputs % buffer % attributes %".format(method, inputs.size, bufferSize, attributes[0, 2 ..].join(" ")).postln;
		^[inputs[inputs.size - 2]]
	}
}
"""
CONFIGURATION = "includePaths:\n  - {folder}\nexcludePaths: []\npostInlineWarnings: false\n"
HEADLESS = {"QT_QPA_PLATFORM": "offscreen", "QTWEBENGINE_DISABLE_SANDBOX": "1"}


def run(script: str, folder: Path, environment: dict[str, str] | None = None) -> list[str]:
    """Runs a script, which must end sclang itself, and gives the lines that it posted after the class library's.

    Args:
        script: SuperCollider code.
        folder: an empty folder for the stubs and the script.
        environment: variables besides the process's own.
    """
    stubs = folder / "stubs"
    stubs.mkdir(exist_ok=True)
    (stubs / "NN.sc").write_text(STUB)
    (folder / "configuration.yaml").write_text(CONFIGURATION.format(folder=stubs))
    (folder / "script.scd").write_text(script)
    command = ["sclang", "-l", str(folder / "configuration.yaml"), str(folder / "script.scd")]
    variables = (
        os.environ | HEADLESS | {"XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)} | (environment or {})
    )
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=variables,
        start_new_session=True,
    )
    try:
        printed, _ = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # scsynth too
        printed, _ = process.communicate()
        raise AssertionError(f"sclang didn't end: {printed[-3000:]}") from None
    assert process.returncode == 0, (process.returncode, printed[-3000:])
    _, _, posted = printed.partition("*** Welcome to SuperCollider")
    return posted.splitlines()[1:]


def compiles(paths: list[Path], folder: Path) -> list[bool]:
    """Whether sclang's own compiler takes each of these files."""
    posts = [
        f'("compiled " ++ thisProcess.interpreter.compileFile("{path}").notNil).postln;' for path in paths
    ]
    lines = run("\n".join([*posts, "0.exit;"]), folder)
    return [line == "compiled true" for line in lines if line.startswith("compiled ")]
