"""The actions that a generated workflow uses, each at the commit of a release.

A tag can be moved (as in the incident of 2025 where many actions were), a commit cannot. The digests were
compared with public lock files; a new release comes in by a change of this file, which changes the bytes of
every workflow and so asks for a new approval.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """An action. sha: the release's commit. runtime: what it runs on. nested: actions that it uses itself."""

    repo: str
    release: str
    sha: str
    runtime: str
    nested: tuple[str, ...] = ()

    @property
    def uses(self) -> str:
        """The value of `uses:`."""
        return f"{self.repo}@{self.sha}"


CHECKOUT = Action("actions/checkout", "v7.0.1", "3d3c42e5aac5ba805825da76410c181273ba90b1", "node24")
UPLOAD = Action("actions/upload-artifact", "v7.0.1", "043fb46d1a93c77aae656e7c1c64a875d1fc6a0a", "node24")
DOWNLOAD = Action("actions/download-artifact", "v8.0.1", "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c", "node24")

PINS = {a.uses: a for a in (CHECKOUT, UPLOAD, DOWNLOAD)}

# Runtimes that hosted runners still have.
RUNTIMES = ("node24",)

# Hosted images with Python 3.11 or later, which the runner's one file needs.
RUNNERS = ("ubuntu-24.04", "ubuntu-24.04-arm")
