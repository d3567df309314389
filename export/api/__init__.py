"""The public Python API, reached as `drawstop.NAME`: thin functions over what the commands call, and one class to play with."""
