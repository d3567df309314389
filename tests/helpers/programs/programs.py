"""Programs of others that tests use."""

import os
import shutil

import pytest


def need_program(name: str) -> None:
    """Skip a test whose system program is missing; in CI, which installs them all, fail it."""
    if shutil.which(name) is None:
        message = f"the program {name!r} isn't installed (see .ci/run)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
