"""Long and loaded performances under JACK."""
