"""A large, diverse set of recordings, and what concepts an SAE of the demo's RAVE lets one find in it."""
