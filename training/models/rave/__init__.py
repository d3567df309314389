"""RAVE: loading it, reading and editing its latents and layers."""
