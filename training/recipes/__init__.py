"""How the shipped models, banks and figures were made. Not part of the wheel."""
