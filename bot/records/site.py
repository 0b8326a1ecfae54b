"""Where a log's files are shown on the web, so that full addresses of them count as links into the log.

Learnt from the links themselves: the repository whose addresses name at least two of the very files at hand. The
files may lie below a directory that the addresses do not know, as in a checkout beside others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

MAX_READ = 128 * 1024
ENOUGH = 2

_PAGE = re.compile(
    r"https?://[^/\s]{4,80}/(?P<repository>[\w.-]{1,60}/[\w.-]{1,100})/(?:-/)?(?:blob|tree|raw|edit|blame)/"
    r"[^/\s]{1,100}/(?P<path>[^\s#?()<>\"'\]]{1,300})"
)


@dataclass(frozen=True, slots=True)
class Site:
    """One repository on the web. repository: "owner/name"; root: what stands before its paths, often nothing."""

    repository: str
    root: str = ""

    def path_of(self, url: str) -> str:
        """The file that an address of this repository shows, as the log names files; empty for other addresses."""
        found = _PAGE.match(url)
        if not found or found["repository"].lower() != self.repository.lower():
            return ""
        return self.root + unquote(found["path"]).rstrip("/")

    def has_page(self, url: str) -> bool:
        """Whether the address is any page of this repository, such as a pull request, or of its own site."""
        owner, _, repository = self.repository.lower().partition("/")
        address = url.lower().partition("://")[2]
        own = (f"github.com/{owner}/{repository}/", f"gitlab.com/{owner}/{repository}/")
        return address.startswith(
            (*own, f"{owner}.github.io/{repository}/", f"{owner}.gitlab.io/{repository}/")
        )


def learn_sites(files: Mapping[str, bytes]) -> tuple[Site, ...]:
    """The repositories that these files are shown in, the longest root first."""
    by_name: dict[str, list[str]] = {}
    for path in files:
        by_name.setdefault(path.rpartition("/")[2], []).append(path)
    hits: dict[tuple[str, str], set[str]] = {}
    for path, data in files.items():
        if b"/blob/" not in data and b"/tree/" not in data:
            continue
        for found in _PAGE.finditer(data[:MAX_READ].decode("utf-8", "replace")):
            shown = unquote(found["path"])
            for known in by_name.get(shown.rpartition("/")[2], ()):
                root = known[: -len(shown)] if known == shown or known.endswith(f"/{shown}") else None
                if root is not None and path.startswith(root):
                    hits.setdefault((found["repository"], root), set()).add(shown)
    sites = [Site(*key) for key, shown in hits.items() if len(shown) >= ENOUGH]
    return tuple(sorted(sites, key=lambda s: (-len(s.root), -len(hits[s.repository, s.root]), s.repository)))


def site_for(path: str, sites: Iterable[Site]) -> Site | None:
    """The site that a file belongs to: the first whose root it lies below."""
    return next((site for site in sites if path.startswith(site.root)), None)
