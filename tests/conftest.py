import os
import shutil
from collections.abc import Callable

import pytest


@pytest.fixture(scope="session")
def needs_program() -> Callable[[str], None]:
    """Skip a test whose system program is missing; in CI, which installs them all, fail it."""

    def need(name: str) -> None:
        if shutil.which(name) is None:
            message = f"the program {name!r} isn't installed (see .ci/run)"
            if os.environ.get("CI") == "true":
                pytest.fail(message)
            pytest.skip(message)

    return need
