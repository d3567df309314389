"""From a controller's message to a parameter's value. Opens no ports."""
