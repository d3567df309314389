"""Programs in processes of their own: ours as a user starts them, and those of others."""
