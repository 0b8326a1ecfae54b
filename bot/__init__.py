"""CLOI bot: decision records become reviewed, judged and revocable work on GitHub."""

__version__ = "0.1.0"
