"""`python -m drawstop` is the command `drawstop`."""

from drawstop.cli import main

if __name__ == "__main__":
    main()
