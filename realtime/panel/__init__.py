"""The panel: a web page that shows and moves everything, and what it is sent beside OSC's values."""
