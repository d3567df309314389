"""From a folder of recordings to a bank of stops: activations, autoencoders, concepts, measurements."""
