"""`drawstop musicgen`: music generated while stops move."""
