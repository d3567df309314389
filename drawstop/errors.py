"""The one exception for failures that are expected: bad input, a missing file, a full disk."""


class DrawstopError(ValueError):
    """One line for the user: what was expected, what came, what to do.

    The command line prints it as `drawstop: <message>` and exits with code 2, without a traceback.
    """


def reason_of(error: OSError) -> str:
    """The operating system's words for an error ("No space left on device"), without its number and path."""
    return error.strerror or str(error) or type(error).__name__
