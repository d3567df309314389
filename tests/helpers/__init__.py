"""What several tests need: models, recordings, programs of others, the ends of what is tested."""
