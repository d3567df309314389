"""How the demo instrument's RAVE was made: corpus, training and export, from nothing but Debian packages."""
