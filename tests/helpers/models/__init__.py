"""Small models, instruments and banks, made when a test needs them."""
