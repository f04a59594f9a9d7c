"""Hooks of MkDocs: documents of other folders, the files that documents link to, and scripts without a third party."""

from pathlib import Path
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tools.site.links import PAGES, linked, place_on_site, relink

_PROJECT: Final = Path(__file__).parents[2]
_PACKAGES: Final = _PROJECT / "tools" / "site" / "node_modules"
_DIAGRAMS: Final = "assets/mermaid.js"
_ASSETS: Final = {
    "assets/site.css": _PROJECT / "tools" / "site" / "site.css",
    "assets/site.js": _PROJECT / "tools" / "site" / "site.js",
    _DIAGRAMS: _PACKAGES / "mermaid" / "dist" / "mermaid.min.js",
    "assets/iframe-worker.js": _PACKAGES / "iframe-worker" / "shim" / "index.js",
}
"""By their places on the site: what is added to the theme, and what the theme would load from a third party."""

_documents: Final = {place_on_site(path): path for path in PAGES}
"""Pages and their documents, of those outside of docs."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is outside of docs."""
    for place, asset in _ASSETS.items():
        if not asset.exists():
            raise PluginError(f"{asset} is missing: run make docs.")
        files.append(File.generated(config, place, abs_src_path=str(asset)))
    for page, path in _documents.items():
        files.append(File.generated(config, page, content=(_PROJECT / path).read_text()))
    documents = [page.src_uri for page in files.documentation_pages()]
    targets = {path for page in documents for path in linked(files.src_uris[page].content_string, _document(page))}
    for path in sorted(targets):
        place = place_on_site(path)
        if place not in files.src_uris and (_PROJECT / path).is_file():
            files.append(File.generated(config, place, abs_src_path=str(_PROJECT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    document = _document(page.file.src_uri)
    folders = frozenset(path for path in linked(markdown, document) if (_PROJECT / path).is_dir())
    return relink(markdown, document, folders)


def on_post_page(output: str, page: Page, **_: object) -> str:
    """Name the dialog of the search; load the script that draws diagrams, which is large, only where there are some."""
    output = output.replace('role="dialog">', 'role="dialog" aria-label="Search">', 1)
    if 'class="mermaid"' not in output:
        return output
    up = "../" * page.file.dest_uri.count("/")
    return output.replace("</head>", f'<script src="{up}{_DIAGRAMS}"></script></head>', 1)


def _document(page: str) -> str:
    """The path in the repository of what a page is made of."""
    return _documents.get(page, f"docs/{page}")
