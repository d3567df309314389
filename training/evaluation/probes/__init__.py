"""Linear and sparse probes on clip statistics."""
