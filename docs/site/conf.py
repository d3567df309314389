"""Sphinx's settings for the pages as a site: `just site` builds it in build/site, and a broken link or anchor fails.

The source is the repository's root, so that README, CONTRIBUTING and docs/ keep the relative links that GitHub follows. A link to
a file that is no page, such as a module, leads to a copy of it; one to a folder leads to its README, or is plain text without
one. Nothing comes from a network.
"""

from pathlib import Path
from typing import Any

from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

ROOT = Path(__file__).parents[2]
NAVIGATION: dict[str, tuple[str, ...]] = {
    "Start": ("docs/start", "docs/glossary", "docs/clips/README"),
    "Play": (
        "docs/play/live",
        "docs/play/panel",
        "docs/play/controllers",
        "docs/play/scenes",
        "docs/play/osc",
    ),
    "Make": ("docs/make/your_models", "docs/make/own_rave", "docs/make/scale"),
    "Hosts": (
        "docs/hosts/README",
        "docs/hosts/puredata",
        "docs/hosts/max",
        "docs/hosts/supercollider",
        "docs/hosts/daw",
        "docs/hosts/torch",
    ),
    "MusicGen": ("docs/musicgen/README", "docs/musicgen/training"),
    "Evidence": ("docs/evidence/README", "docs/evidence/stops", "docs/evidence/features"),
    "Reference": (
        "docs/reference/commands",
        "docs/reference/mapping",
        "docs/reference/instrument",
        "docs/reference/python",
        "examples/README",
        "CHANGELOG",
    ),
    "Inside": (
        "docs/inside/architecture",
        "docs/inside/backends",
        "CONTRIBUTING",
        "LICENSES",
        "training/demo/LICENSE",
    ),
}
"""The pages below each heading, README being the first of all."""

project = "Drawstop"
author = "The Drawstop authors"
html_title = "Drawstop"
extensions = ["myst_parser"]
root_doc = "README"
include_patterns = [
    "*.md",
    "docs/*.md",
    "docs/**/*.md",
    "examples/*.md",
    "training/demo/LICENSE.md",
]
exclude_patterns = [  # not even looked into
    *(
        path.name
        for path in ROOT.iterdir()
        if path.is_dir() and path.name not in ("docs", "examples", "training")
    ),
    *(f"training/{path.name}" for path in (ROOT / "training").iterdir() if path.name != "demo"),
    "docs/generators",
    "docs/site",
]
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_static_path = ["static"]
templates_path = ["templates"]
html_css_files = ["site.css"]
html_js_files = [("clips.js", {"defer": "defer"})]
html_additional_pages = {"index": "to_readme.html"}
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#8a4b08", "color-brand-content": "#8a4b08"},
    "dark_css_variables": {"color-brand-primary": "#e8a04c", "color-brand-content": "#e8a04c"},
}
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_show_sphinx = False
html_show_search_summary = False  # it fetches pages, which a browser doesn't do from a folder


def add_navigation(_app: Sphinx, page: str, source: list[str]) -> None:
    """Append the navigation to README, where GitHub needn't see it."""
    if page == root_doc:
        for caption, pages in NAVIGATION.items():
            listed = "\n".join(pages)
            source[0] += f"\n\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{listed}\n```\n"


class FolderLinks(SphinxPostTransform):
    """Resolves links to folders, before MyST's resolver calls them missing: to the README in one, or to plain text."""

    default_priority = 8

    def run(self, **_kwargs: Any) -> None:
        """Replace each such link of a page."""
        for link in list(self.document.findall(pending_xref)):
            folder = (ROOT / self.env.docname).parent / link["reftarget"]
            if link["reftype"] != "myst" or link.get("refdomain") or not folder.is_dir():
                continue
            page = (folder.resolve() / "README").relative_to(ROOT).as_posix()
            content = link[0].deepcopy()
            if page in self.env.found_docs:
                content = make_refnode(self.app.builder, self.env.docname, page, "", content)
            link.replace_self(content)


def setup(app: Sphinx) -> None:
    """Add the two to Sphinx."""
    app.connect("source-read", add_navigation)
    app.add_post_transform(FolderLinks)
