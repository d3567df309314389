"""An instrument and control events in, sound out. Knows neither processes nor ports."""
