"""Results and pages of evidence, and the browser that opens them."""
