"""Guitar music with a male voice: three stops of the demo's RAVE, found and measured on the demo's corpus."""
