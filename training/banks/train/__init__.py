"""Training of banks: from recordings, many compared, and its cost beforehand."""
