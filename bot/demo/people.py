"""People of the demo: they use the REST API with tokens of their own, as they would use GitHub's pages.

Not here: what the bot does. Nothing in here has a right that a person with this token would not have.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import httpx


class Person:
    """login: on the sandbox. http: a client whose base url is the REST API."""

    def __init__(self, login: str, token: str, http: httpx.AsyncClient, repository: str) -> None:
        self.login = login
        self.repository = repository
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}

    async def call(self, method: str, path: str, **json: Any) -> Any:
        """One request below the repository. Raises httpx.HTTPStatusError with GitHub's words."""
        answer = await self._http.request(
            method, f"/repos/{self.repository}{path}", json=json or None, headers=self._headers
        )
        if answer.is_error:
            raise httpx.HTTPStatusError(
                f"{method} {path}: {answer.status_code} {answer.text[:500]}",
                request=answer.request,
                response=answer,
            )
        return answer.json() if answer.content else None

    async def propose(
        self, branch: str, files: Mapping[str, bytes], *, title: str, body: str = ""
    ) -> dict[str, Any]:
        """A branch with these files, and a pull request for it."""
        main = (await self.call("GET", "/git/ref/heads/main"))["object"]["sha"]
        await self.call("POST", "/git/refs", ref=f"refs/heads/{branch}", sha=main)
        for path, content in files.items():
            await self.write(branch, path, content, f"Add {path}")
        pull: dict[str, Any] = await self.call(
            "POST", "/pulls", title=title, body=body, head=branch, base="main"
        )
        return pull

    async def write(self, branch: str, path: str, content: bytes, message: str) -> None:
        """One file in one commit."""
        await self.call(
            "PUT",
            f"/contents/{path}",
            message=message,
            content=base64.b64encode(content).decode(),
            branch=branch,
        )

    async def merge(self, number: int) -> None:
        """Merge a pull request as it stands."""
        head = (await self.call("GET", f"/pulls/{number}"))["head"]["sha"]
        await self.call("PUT", f"/pulls/{number}/merge", sha=head, merge_method="merge")

    async def approve(self, number: int, words: str) -> None:
        """A review that approves."""
        await self.call("POST", f"/pulls/{number}/reviews", event="APPROVE", body=words)

    async def close(self, number: int) -> None:
        """Close a pull request without merging."""
        await self.call("PATCH", f"/pulls/{number}", state="closed")

    async def open_issue(self, title: str, body: str) -> dict[str, Any]:
        issue: dict[str, Any] = await self.call("POST", "/issues", title=title, body=body)
        return issue

    async def say(self, number: int, words: str) -> dict[str, Any]:
        comment: dict[str, Any] = await self.call("POST", f"/issues/{number}/comments", body=words)
        return comment
