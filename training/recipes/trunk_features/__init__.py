"""What an SAE of the separator's trunk knows and can move, beside every control."""
