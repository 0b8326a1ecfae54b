"""What a person sees in the sandbox: each page answers, tells what happened, and nothing becomes code."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox import markdown
from bot.sandbox.diagram import draw
from bot.sandbox.diffs import FileChange
from bot.sandbox.page_text import diff_lines, log_sections, summary_of, text_lines, visible
from bot.sandbox.recorded import Recording

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>"
EVIL_REF = "x\"'><script>alert(1)</script><svg/onload=alert(2)>"
EVIL_BODY = f"""{EVIL}

<iframe src="https://evil.example"></iframe> <a href="javascript:alert(1)" onclick=alert(1)>x</a>
[one](javascript:alert(1)) [two](data:text/html;base64,PHNjcmlwdD4=) [three](https://fine.example/?a="b"&c=<d>)
![picture](https://evil.example/track.png) <javascript:alert(1)> [four](JaVaScRiPt:alert(1))
[five](&#106;avascript:x)
</div></main></details></summary><style>*{{display:none}}</style><details open onclick="x"><summary>fold</summary>

```mermaid
flowchart LR
  a["<script>alert(1)</script>"] -->|"<img src=x>"| b
```

```diff
+ {EVIL}
```
"""
# What pages are made of: their own elements, Markdown's, and drawings.
_WORDS = """html head meta title link body header main footer nav section article aside div span p a b i img br hr
    h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table thead tbody tr th td pre code time details summary figure figcaption
    blockquote strong em s del sub sup input svg rect path text"""
TAGS = set(_WORDS.split())


class Page(HTMLParser):
    """Reads a page as a browser would, and keeps what could do harm."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.harm: list[str] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.harm.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc", "formaction", "xlink:href"):
                self.harm.append(f"{tag} {name}={value}")
            if name == "href":
                self.links.append(value or "")
                if not re.match(r"(https?://|mailto:|/(?![/\\])|#|\?|[\w.-]+(?:[/#?.]|$))", value or "#"):
                    self.harm.append(f"{tag} href={value}")
            if name == "src" and not re.fullmatch(r"/avatars/\d+|/-/mark\.svg", value or ""):
                self.harm.append(f"{tag} src={value}")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


async def visit(shop: Any, path: str, status: int = 200) -> Page:
    """Fetches a page and demands its headers and its harmlessness."""
    response = await shop.http.get(f"http://github.test{path}")
    assert response.status_code == status, (path, response.status_code, response.text[:500])
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "script-src" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    page = Page(response.text)
    assert page.harm == [], path
    return page


async def test_a_thread_tells_who_said_what_and_how_it_stands(shop: Any) -> None:
    await shop.good(
        "rita", "POST", "issues", {"title": "Points, please", "body": "See #2 and @maria. *Soon?*"}
    )
    pull = await shop.pull("points", {"src/points.py": "POINTS = 10\n"}, body="Closes nothing, shows `code`.")
    sha, token = pull["head"]["sha"], shop.mint()
    note = {"path": "src/points.py", "start_line": 1, "end_line": 1, "annotation_level": "warning"}
    await shop.good(
        token, "POST", "check-runs",
        {"name": "cloi/gate", "head_sha": sha, "status": "completed", "conclusion": "failure",
         "output": {"title": "Two rules fail", "summary": "| Rule | Why |\n| --- | --- |\n| size | **too big** |",
                    "annotations": [{**note, "message": "ten is much", "title": "Number"}]}},
    )  # fmt: skip
    comment = await shop.good("maria", "POST", "issues/2/comments", {"body": "- [x] read\n- [ ] understood"})
    await shop.good(token, "POST", f"issues/comments/{comment['id']}/reactions", {"content": "eyes"})
    await shop.good("tom", "POST", "pulls/2/reviews", {"event": "APPROVE", "body": "Reads **well**."})

    issue = await visit(shop, "/acme/shop/issues/1")
    assert "Points, please #1" in issue.text and "rita opened this" in issue.text
    assert "/acme/shop/pull/2" in issue.links and "/maria" in issue.links

    page = await visit(shop, "/acme/shop/pull/2")
    for words in (
        "Open", "maria", "wants to merge 1 commit into", "Work on points", "tom approved these changes",
        "understood", "👀 1", "1 of 1 checks did not pass", "cloi/gate", "Two rules fail",
        "too big", "ten is much",
        "It can be merged, but not every check has passed.", "src/points.py", "POINTS = 10",
    ):  # fmt: skip
        assert words in page.text, words
    assert page.text.count("ten is much") == 2, "beside the check and at its line"
    assert "cloi/gate" in (await visit(shop, f"/acme/shop/commit/{sha}")).text

    await shop.good("maria", "PUT", "pulls/2/merge", {})
    merged = await visit(shop, "/acme/shop/pull/2")
    assert "Merged" in merged.text and "maria merged points into main as" in merged.text


async def test_conflicts_and_missing_checks_are_said_in_words(make_shop: Any) -> None:
    rule = {"type": "required_status_checks", "parameters": {"required_status_checks": [{"context": "gate"}]}}
    shop = make_shop(branch_rules={"main": [rule]})
    await shop.pull("points", {"src/cart.py": "one\n"})
    page = await visit(shop, "/acme/shop/pull/1")
    assert 'Merging is blocked until these are met: Required status check "gate" is expected.' in page.text


async def test_a_conflict_names_its_files(shop: Any) -> None:
    await shop.pull("one", {"src/cart.py": "one\n"})
    await shop.pull("two", {"src/cart.py": "two\n"})
    await shop.good("maria", "PUT", "pulls/1/merge", {})
    page = await visit(shop, "/acme/shop/pull/2")
    assert "This branch has conflicts with main. src/cart.py" in page.text


async def test_a_run_shows_jobs_steps_logs_summary_inputs_and_artifacts(shop: Any) -> None:
    log = (
        "2026-11-01T09:00:00.000000Z ##[group]Run tests\n2026-11-01T09:00:01.000000Z \x1b[31m3 passed\x1b[0m\n"
        "2026-11-01T09:00:01.000000Z ##[error]but one was slow\n2026-11-01T09:00:01.000000Z ##[endgroup]\n"
        "##[group]Job summary\n### All well\n##[endgroup]\n"
    )
    shop.recordings["ci.yml"] = Recording(
        {"build": "failure", "after": "skipped"}, {"build": log}, {"report": {"a.txt": b"hello"}}
    )
    await shop.good(
        "maria", "POST", "actions/workflows/ci.yml/dispatches", {"ref": "main", "inputs": {"key": "k-17"}}
    )
    await shop.sandbox.run_workflows()
    run = next(iter(shop.sandbox.repository("acme/shop").runs.values()))
    page = await visit(shop, f"/acme/shop/actions/runs/{run.id}")
    for words in ("k-17 by", "failure", "workflow dispatch", "build", "after skipped", "Run tests", "3 passed",
                  "but one was slow", "build summary All well", "report"):  # fmt: skip
        assert words in page.text, words
    assert "\x1b" not in page.text
    assert "k-17 by" in (await visit(shop, "/acme/shop/actions")).text
    download = f"/acme/shop/actions/runs/{run.id}/artifacts/{run.artifacts[0].id}"
    assert download in page.links
    answer = await shop.http.get(f"http://github.test{download}")
    assert answer.content.startswith(b"PK") and "attachment" in answer.headers["content-disposition"]
    job = run.jobs[0]
    moved = await shop.http.get(f"http://github.test/acme/shop/actions/runs/{run.id}/job/{job.id}")
    assert moved.headers["location"].endswith(f"/actions/runs/{run.id}#job-{job.id}")
    assert "build" in (await visit(shop, f"/acme/shop/runs/{job.check_run.id}")).text


async def test_code_is_found_by_branch_and_path_however_many_slashes_both_have(shop: Any) -> None:
    await shop.branch("team/a/topic", {"docs/deep/note.md": "# Note\n\n<b>bold</b> [next](other.md)"})
    page = await visit(shop, "/acme/shop/tree/team/a/topic/docs")
    assert "/acme/shop/tree/team/a/topic/docs/deep" in page.links
    note = await visit(shop, "/acme/shop/blob/team/a/topic/docs/deep/note.md")
    assert "Note" in note.text and "/acme/shop/blob/team/a/topic/docs/deep/other.md" in note.links
    assert "sum(items)" in (await visit(shop, "/acme/shop/blob/main/src/cart.py")).text
    front = await visit(shop, "/")
    assert "acme/shop" in front.text and "cloi bot" in front.text
    moved = await shop.http.get("http://github.test/acme/shop/blob/main/src")
    assert moved.headers["location"] == "/acme/shop/tree/main/src"
    home = await visit(shop, "/acme/shop")
    for words in ("team/a/topic", "main default", "tom write", ".github", "Shop"):
        assert words in home.text, words
    assert "contents: write" in (await visit(shop, "/apps/cloi")).text
    assert "acme/shop admin" in (await visit(shop, "/maria")).text


@pytest.mark.parametrize(
    "path",
    [
        "/nobody", "/acme/none", "/acme/shop/issues/99", "/acme/shop/issues/x", "/acme/shop/pull/²",
        "/acme/shop/blob/main/none.py", "/acme/shop/blob/main", "/acme/shop/tree/none", "/acme/shop/runs/1",
        "/acme/shop/actions/runs/1", "/acme/shop/commit/zzz", "/apps/none", "/avatars/9", "/a/b/c/d",
        "/acme/shop/blob/main/../../etc/passwd", "/acme/shop/tree/main/src/cart.py",
    ],
)  # fmt: skip
async def test_what_is_not_there_is_said_kindly(shop: Any, path: str) -> None:
    assert "Not here" in (await visit(shop, path, 404)).text


async def test_issue_and_pull_lead_to_each_other(shop: Any) -> None:
    await shop.pull("points", {"a.txt": "a\n"})
    for path, target in (
        ("issues/1", "pull/1"),
        ("pull/1/files", "pull/1#files"),
        ("pull/1/evil", "pull/1#"),
    ):
        answer = await shop.http.get(f"http://github.test/acme/shop/{path}")
        assert answer.status_code == 302 and answer.headers["location"].endswith(target)


async def test_nothing_that_anybody_writes_becomes_code(shop: Any) -> None:
    await shop.good("rita", "POST", "issues", {"title": EVIL, "body": EVIL_BODY})
    await shop.good("rita", "POST", "issues/1/comments", {"body": EVIL_BODY})
    token = shop.mint()
    await shop.good("maria", "PATCH", "issues/1", {"labels": ["<b onclick=x>hot</b>"]})
    ref = await shop.branch(EVIL_REF, {"src/<script>alert(1)<": EVIL, "docs/x.md": EVIL_BODY})
    await shop.good(
        "maria", "POST", "pulls", {"title": EVIL, "head": EVIL_REF, "base": "main", "body": EVIL_BODY}
    )
    await shop.good("tom", "POST", "pulls/2/reviews", {"event": "COMMENT", "body": EVIL_BODY})
    note = {"path": "docs/x.md", "start_line": 1, "end_line": 1, "annotation_level": "failure"}
    check = await shop.good(
        token, "POST", "check-runs",
        {"name": EVIL, "head_sha": ref, "status": "completed", "conclusion": "failure",
         "details_url": "javascript:alert(1)",
         "output": {"title": EVIL, "summary": EVIL_BODY, "text": EVIL_BODY,
                    "annotations": [{**note, "message": EVIL, "title": EVIL, "raw_details": EVIL}]}},
    )  # fmt: skip
    shop.recordings["ci.yml"] = Recording(
        {EVIL: "failure"}, {EVIL: f"##[group]{EVIL}\n{EVIL}\n##[endgroup]\n##[group]Job summary\n{EVIL_BODY}"},
        {"<script>alert(1)<": {"a": b"x"}},
    )  # fmt: skip
    await shop.good(
        "maria", "POST", "actions/workflows/ci.yml/dispatches", {"ref": "main", "inputs": {"key": EVIL}}
    )
    await shop.sandbox.run_workflows()
    run = next(iter(shop.sandbox.repository("acme/shop").runs.values()))
    paths = [
        "/", "/acme/shop", "/acme/shop/issues", "/acme/shop/pulls", "/acme/shop/issues/1", "/acme/shop/pull/2",
        "/acme/shop/actions", f"/acme/shop/actions/runs/{run.id}", f"/acme/shop/runs/{check['id']}", "/apps/cloi",
        f"/acme/shop/runs/{run.jobs[0].check_run.id}", f"/acme/shop/commit/{ref}", f"/acme/shop/tree/{ref}/src",
        f"/acme/shop/blob/{ref}/docs/x.md", f"/acme/shop/blob/{ref}/src/%3Cscript%3Ealert(1)%3C",
        "/acme/shop/tree/x%22'%3E%3Cscript%3Ealert(1)%3C/script%3E%3Csvg/onload=alert(2)%3E",
    ]  # fmt: skip
    for path in paths:
        page = await visit(shop, path)
        if path not in ("/", "/apps/cloi"):
            assert "alert(1)" in page.text, f"{path} shows the text as text"


PIECES = st.sampled_from(
    [
        "<details>",
        "</details>",
        "<summary>",
        "</summary>",
        "<sub>",
        "</sup>",
        "<br/>",
        "<!--",
        "-->",
        "<script>",
        "\n",
        "\n\n",
        "> ",
        "[x](",
        "javascript:",
        "https://a.b",
        ")",
        "`",
        "```",
        "|",
        "---",
        "<",
        ">",
        '"',
        "&#60;",
        "#1",
        "@ann",
        "![",
        "](",
        "<a href=",
        "onclick=",
        "**",
        "[!NOTE]",
        "mermaid",
        "flowchart LR",
        " --> ",
        "a[",
        "]",
        "- [x] ",
    ]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=40).map("".join))
def test_markdown_gives_known_elements_only_and_closes_what_it_opens(text: str) -> None:
    made = str(markdown.render(text, lambda found: "/there"))
    assert Page(made).harm == []
    for tag in ("details", "summary", "sub", "sup"):
        assert made.count(f"<{tag}>") + made.count(f"<{tag} open>") == made.count(f"</{tag}>")


def test_markdown_shows_what_github_shows() -> None:
    made = markdown.render(
        "<!-- hidden -->\n~~old~~ a<sub>b</sub><br>c\n\n<details><summary>More</summary>\n\n**in**\n\n</details>"
    )
    assert "hidden" not in made
    assert "<s>old</s>" in made and "<sub>b</sub><br>" in made
    assert "<details><summary>More</summary>\n<p><strong>in</strong></p>\n</details>" in made
    alert = markdown.render("> [!WARNING]\n> careful")
    assert "markdown-alert-warning" in alert and "careful" in alert


FLOW = st.sampled_from(
    [
        "a",
        "b",
        "c1",
        "[",
        "]",
        '["x"]',
        "(y)",
        "{z}",
        " --> ",
        " --- ",
        " -.-> ",
        "-->|w|",
        " -- w --> ",
        " & ",
        "\n",
        ";",
        ":::k",
        "\nclassDef k fill:#fff,stroke:#000,color:#abc",
        "\nclass a k",
        "subgraph x",
        "\nend",
        "<br>",
        "<",
        '"',
        "%%",
    ]
)


@given(
    st.lists(st.one_of(FLOW, st.text(max_size=3)), max_size=25).map("".join),
    st.sampled_from(["TD", "LR", "BT"]),
)
def test_a_diagram_is_well_formed_or_not_drawn(body: str, way: str) -> None:
    drawn = draw(f"flowchart {way}\n{body}")
    if drawn is not None:
        assert {e.tag for e in ElementTree.fromstring(drawn).iter()} <= {"svg", "rect", "path", "text"}


def test_a_simple_flowchart_is_drawn_with_its_words_and_colours() -> None:
    drawn = draw(
        'flowchart LR\n  p0["✅ Plan"]:::done --> p1{Ready?}\n  p1 -->|yes| p2\n  classDef done fill:#1a7f37'
    )
    assert drawn is not None
    assert drawn.count("<rect") == 3 and "✅ Plan" in drawn and "yes" in drawn and 'fill="#1a7f37"' in drawn
    assert draw("sequenceDiagram\n a->>b: x") is None
    assert draw("flowchart LR\n" + "\n".join(f"a{i} --> a{i + 1}" for i in range(200))) is None


def test_a_diff_has_line_numbers_and_notes_at_their_lines() -> None:
    change = FileChange(
        "a.py", "modified", "0" * 40, 1, 1, "@@ -3,2 +3,2 @@ def f\n same\n-old\n+new\n\\ No newline"
    )
    lines = diff_lines(change, [{"path": "a.py", "end_line": 4, "message": "m"}])
    assert [(x.look, x.old, x.new, len(x.annotations)) for x in lines] == [
        ("hunk", 0, 0, 0), ("same", 3, 3, 0), ("removed", 4, 0, 0), ("added", 0, 4, 1), ("note", 0, 0, 0),
    ]  # fmt: skip


def test_a_log_without_groups_and_one_that_forges_ends_are_still_shown_whole() -> None:
    assert [(s.title, s.lines) for s in log_sections("plain\n")] == [("", [("plain", "plain")])]
    forged = log_sections(
        "##[endgroup]\n##[group]A\none\n##[group]B\ntwo\n##[endgroup]\n##[endgroup]\nrest\n##[error]bad"
    )
    assert [(s.title, [text for _, text in s.lines]) for s in forged] == [
        ("A", ["one", "B", "two"]), ("", ["rest", "bad"]),
    ]  # fmt: skip
    assert forged[1].failed and not forged[0].failed
    assert summary_of(log_sections("##[group]Job summary\n# Hi\n##[endgroup]")) == "# Hi"


@given(st.text())
def test_no_control_character_or_turned_writing_reaches_a_page(text: str) -> None:
    shown = visible(text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", shown)


def test_binary_files_are_not_shown_as_text() -> None:
    assert text_lines(b"a\0b") is None
    assert text_lines("ä\n".encode()) == ["ä"]
