"""Pages from templates/web: escaped, and with a policy that lets nothing in but our own style sheet.

What is shown may come from strangers; autoescape and the policy each suffice alone. Not here: what pages say.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

_PACKAGE = Path(__file__).resolve().parent.parent
# In a wheel the templates lie inside the package, in a checkout beside it.
_PLACES = [_PACKAGE / "templates" / "web", _PACKAGE.parent / "templates" / "web"]


@cache
def _environment() -> tuple[Environment, dict[str, str]]:
    pages = Environment(
        loader=FileSystemLoader(_PLACES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    source, _, _ = FileSystemLoader(_PLACES).get_source(pages, "page.css")
    pages.globals["style"] = Markup(source)  # noqa: S704 - our own file
    digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }
    return pages, headers


def page(name: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """templates/web/`name` filled with `values`. Raises jinja2.UndefinedError if one is missing."""
    pages, headers = _environment()
    return HTMLResponse(pages.get_template(name).render(values), status_code=status, headers=headers)
