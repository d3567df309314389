"""`drawstop demo`: bake, verify, perform and measure the shipped instrument."""
