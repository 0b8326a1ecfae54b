"""Markdown as GitHub shows it, made safe: what people and bots write becomes HTML that can only be text.

GitHub's flavour by markdown-it-py: tables, task lists, strikethrough, alerts, footnotes, bare links. Of HTML
exactly details, summary, code, br, sub and sup are let through, without attributes (`open` on details excepted);
comments are hidden, everything else is shown as the text that it is. Links lead to http, https, mailto or inside
the sandbox; pictures become links, so that a page loads nothing from elsewhere. Mermaid is drawn where
bot/sandbox/diagram.py can, and shown as source in any case. Not here: pages.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, MutableMapping, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup
from mdit_py_plugins.gfm import gfm_plugin

from bot.sandbox.diagram import draw

Env = MutableMapping[str, Any]
Linker = Callable[[str], str | None]  # "#12" or "@ann" -> where it leads, or None

_HTML = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<close>/)?(?P<tag>details|summary|code|sub|sup|br)(?P<open>\s+open(?:=\"\")?)?\s*/?>",
    re.DOTALL | re.IGNORECASE,
)
_SCHEME = re.compile(r"^\s*(?:https?://|mailto:|[/#?]|[\w.-]+(?:[/#?]|$))", re.IGNORECASE)
_ABSOLUTE = re.compile(r"[a-z]+:|[/#?]", re.IGNORECASE)
_MENTION = re.compile(r"(?<![\w/@#&])(#\d+|@[A-Za-z0-9][A-Za-z0-9-]*(?:\[bot\])?)(?!\w)")
LIMIT = 300_000  # characters; GitHub cuts a body at 65,536


def render(text: str | None, link: Linker = lambda _: None, *, base: str = "") -> Markup:
    """HTML for a body of text. link: resolves mentions of issues and people. base: what relative links follow,
    such as "/acme/shop/blob/main/docs/"."""
    env: Env = {"link": link, "open": [], "base": base}
    body = _parser().render((text or "")[:LIMIT], env)
    closing = "".join(f"</{tag}>" for tag in reversed(env["open"]))
    return Markup(body + closing)  # noqa: S704  the parser escapes, the rules below let through five tags


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "typographer": False})
    parser.use(gfm_plugin)
    parser.validateLink = _harmless  # type: ignore[method-assign]
    parser.core.ruler.push("mentions", _mentions)
    for name, rule in (
        ("html_block", _raw),
        ("html_inline", _raw),
        ("fence", _fence),
        ("image", _image),
        ("link_open", _link),
    ):
        parser.add_render_rule(name, rule)
    return parser


def _harmless(url: str) -> bool:
    """Whether a link may stand: no javascript:, data:, or scheme that a browser guesses."""
    return _SCHEME.match(html.unescape(url)) is not None and not url.lstrip().startswith(("//", "/\\"))


def _raw(renderer: RendererHTML, tokens: Sequence[Token], index: int, _: OptionsDict, env: Env) -> str:
    """HTML in the source: the five tags, balanced; comments vanish; the rest is text."""
    source, made, at = tokens[index].content, [], 0
    for found in _HTML.finditer(source):
        made.append(_text(source[at : found.start()]))
        at = found.end()
        if found["tag"]:
            made.append(_tag(found["tag"].lower(), bool(found["close"]), bool(found["open"]), env["open"]))
    made.append(_text(source[at:]))
    return "".join(made)


def _text(source: str) -> str:
    return html.escape(html.unescape(source))


def _tag(name: str, closing: bool, is_open: bool, stack: list[str]) -> str:
    if name == "br":
        return "<br>"
    if not closing:
        stack.append(name)
        return f"<{name}{' open' if is_open and name == 'details' else ''}>"
    if name not in stack:
        return ""  # it would close an element of the page
    made = ""
    while (inner := stack.pop()) != name:
        made += f"</{inner}>"
    return f"{made}</{name}>"


def _fence(renderer: RendererHTML, tokens: Sequence[Token], index: int, _: OptionsDict, env: Env) -> str:
    token = tokens[index]
    language = token.info.split()[0].lower() if token.info.split() else ""
    code = html.escape(token.content)
    if language == "mermaid":
        drawn = draw(token.content)
        label = f"<figcaption>diagram</figcaption>{drawn}" if drawn else "<figcaption>diagram</figcaption>"
        source = f"<pre>{code}</pre>"
        if drawn:
            source = f"<details><summary>source</summary>{source}</details>"
        return f'<figure class="diagram">{label}{source}</figure>\n'
    if language == "diff":
        looks = {"+": "added", "-": "removed", "@": "hunk"}
        lines = (
            f'<span class="{looks[line[0]]}">{line}</span>' if line[:1] in looks else line
            for line in code.splitlines()
        )
        code = "\n".join(lines) + "\n"
    return f"<pre><code>{code}</code></pre>\n"


def _image(renderer: RendererHTML, tokens: Sequence[Token], index: int, _: OptionsDict, env: Env) -> str:
    """A link with the picture's words: pages load nothing from elsewhere."""
    token = tokens[index]
    words = html.escape(token.content) or "picture"
    return f'<a class="picture" rel="nofollow noreferrer" href="{_attribute(token, "src")}">{words}</a>'


def _link(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: Env) -> str:
    token = tokens[index]
    title = f' title="{_attribute(token, "title")}"' if token.attrGet("title") else ""
    relative = not _ABSOLUTE.match(str(token.attrGet("href") or "#"))
    base = html.escape(env.get("base", "")) if relative else ""
    return f'<a rel="nofollow noreferrer" href="{base}{_attribute(token, "href")}"{title}>'


def _attribute(token: Token, name: str) -> str:
    return html.escape(str(token.attrGet(name) or ""))


def _mentions(state: StateCore) -> None:
    """#12 and @ann in running text become links, where the page knows them."""
    link: Linker = state.env.get("link", lambda _: None)
    for block in state.tokens:
        if block.type == "inline" and block.children:
            block.children = _linked(block.children, link)


def _linked(children: list[Token], link: Linker) -> list[Token]:
    made: list[Token] = []
    depth = 0
    for token in children:
        depth += (token.type == "link_open") - (token.type == "link_close")
        if token.type != "text" or depth:
            made.append(token)
            continue
        for part in _MENTION.split(token.content):
            target = link(part) if _MENTION.fullmatch(part) else None
            if target:
                made.append(Token("link_open", "a", 1, attrs={"href": target}))
            if part:
                made.append(Token("text", "", 0, content=part))
            if target:
                made.append(Token("link_close", "a", -1))
    return made
