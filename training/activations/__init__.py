"""A model's frames of some recordings: on disk in hashed shards, or streamed from the model."""
