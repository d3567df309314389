"""How each kind of clip in the separator's training corpus is made."""
