"""How the shipped separator was trained: `render` makes its corpus, `train` the weights, `codec` the RAVE that it works in."""
