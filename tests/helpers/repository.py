"""Where the repository and its shipped data lie."""

from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
DOCS = REPOSITORY / "docs"
DEMO = REPOSITORY / "training" / "demo"
RECORDINGS = DEMO / "recordings"
