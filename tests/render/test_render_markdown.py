"""Text that nobody vouches for stays text, wherever it stands."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render import markdown as md
from bot.render.plain import clip, one_line, printable
from tests.properties import examples

# What GitHub makes a mention, a reference or a link of, in text outside code and links.
CALLS = re.compile(r"@\w|#\d|\bGH-\d|://|\bwww\.\w", re.IGNORECASE)

CALM = settings(deadline=None, max_examples=examples(50))  # a busy machine is no failure

Anything = st.data()


def test_a_mention_a_reference_and_an_address_are_only_text(see: Any) -> None:
    seen = see(md.text("@maria see #12, GH-3, o/r#4, https://evil.example, www.evil.example, a@b.example"))
    assert seen.tags == ["p"]
    assert not CALLS.search(seen.words)
    assert seen.plain == "@maria see #12, GH-3, o/r#4, https://evil.example, www.evil.example, a@b.example"


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "word {} word",
        "- {}",
        "1. {}",
        "> {}",
        "### {}",
        "word\n{}",
        "**{}** word",
        "{}\nword",
        "    \n{}\n",
    ],
)
@CALM
@given(data=Anything)
def test_text_is_text_in_every_place(around: str, see: Any, hostile: Any, data: st.DataObject) -> None:
    s = data.draw(hostile)
    bare, seen = see(around.format("X")), see(around.format(md.text(s)))
    if one_line(s) and "**" not in around:
        assert seen.tags == bare.tags
        assert seen.plain == " ".join(bare.plain.replace("X", one_line(s)).split())
    assert set(seen.tags) <= {*bare.tags, "p"}
    assert not CALLS.search(seen.words)


@CALM
@given(data=Anything)
def test_text_in_tags_is_text(see: Any, hostile: Any, data: st.DataObject) -> None:
    s = data.draw(hostile)
    inline = see(f"word <code>{md.html(s)}</code> word")
    assert inline.tags == ["p", "code"]
    assert inline.code[0].replace("\u200b", "") == one_line(s)
    folded = see(md.details(s, md.text(s)))
    assert folded.tags == ["details", "summary", *(["p"] if one_line(s) else [])]
    assert not CALLS.search(folded.words)
    assert folded.plain.split() == (one_line(s) + " " + one_line(s)).split()


@CALM
@given(data=Anything)
def test_a_code_span_cannot_be_left(see: Any, hostile: Any, data: st.DataObject) -> None:
    s = data.draw(hostile)
    seen = see(f"word {md.code(s)} word")
    assert seen.tags == (["p", "code"] if one_line(s) else ["p"])
    assert seen.code == ([one_line(s)] if one_line(s) else [])
    assert seen.plain == "word word"


@CALM
@given(data=Anything)
def test_spans_beside_each_other_stay_apart(see: Any, hostile: Any, data: st.DataObject) -> None:
    first, second, third = (data.draw(hostile) for _ in range(3))
    seen = see(f"- {md.text(first)} {md.code(second)} {md.text(third)} {md.code('x')}")
    assert seen.code == [one_line(second), "x"] if one_line(second) else ["x"]
    assert set(seen.tags) == {"ul", "li", "code"}
    assert not CALLS.search(seen.words)


@CALM
@given(data=Anything)
def test_a_fence_cannot_be_left(see: Any, hostile: Any, data: st.DataObject) -> None:
    s = data.draw(hostile) + "\n" + data.draw(hostile)
    seen = see(f"{md.fence(s, 'text')}\n\nafter")
    assert seen.tags == ["pre", "code", "p"]
    assert seen.plain == "after"
    assert "".join(seen.code[0].split()) == "".join(printable(s, keep="\n\t\r").split())


def test_a_fence_keeps_what_it_holds(see: Any) -> None:
    held = "```python\nx = 1\n\n\n\ty\n````\n~~~"
    assert see(md.fence(held, "text")).code == [held + "\n"]
    assert md.fence("x", "text\n<script>").startswith("```textscript\n")


@CALM
@given(data=Anything)
def test_cells_stay_cells(see: Any, hostile: Any, data: st.DataObject) -> None:
    s = data.draw(hostile)
    seen = see(f"| a | b |\n| --- | --- |\n| {md.cell(s)} | {md.cell_code(s)} |\n| x | y |")
    assert [t for t in seen.tags if t != "code"] == ["table", "thead", "tr", "th", "th", "tbody"] + 2 * [
        "tr",
        "td",
        "td",
    ]
    assert not CALLS.search(seen.words)
    assert [c.replace("\u200b", "") for c in seen.code] == ([clip(one_line(s), 300)] if one_line(s) else [])


@CALM
@given(data=Anything)
def test_links_go_where_we_say_or_nowhere(see: Any, hostile: Any, data: st.DataObject) -> None:
    label, tail = data.draw(hostile), data.draw(hostile)
    for url in (f"https://github.example/{tail}", tail, f"javascript:{tail}", f"http://{tail}"):
        seen = see(f"word {md.link(label, url)} word")
        assert seen.tags in (["p"], ["p", "a"])
        assert all(re.match(r"https?://[^/@]+", target) for target in seen.links)
        if url.startswith("https://github.example/"):
            assert all(target.startswith("https://github.example/") for target in seen.links)
        assert not CALLS.search(seen.words)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "//evil.example/x",
        "/relative",
        "https://github.example@evil.example/",
        "https://",
        "https://[::1",
        "https://a.example/\nb",
        "",
        None,
    ],
)
def test_other_addresses_are_no_links(url: str | None, see: Any) -> None:
    assert see(md.link("label", url)).tags == ["p"]


def test_an_address_is_kept_exactly(see: Any) -> None:
    url = "https://github.example/a/b?x=1&lt=2&amp;c=(d)#e_f*g"
    assert see(md.link("#12", url)).links == [url.replace("(", "%28").replace(")", "%29")]


@CALM
@given(data=Anything)
def test_labels_in_a_sentence_become_links(see: Any, hostile: Any, data: st.DataObject) -> None:
    before, after = data.draw(hostile), data.draw(hostile)
    sentence = f"{before} #12 {after}"
    seen = see(md.linked(sentence, (("#12", "https://github.example/pull/12"), ("", "https://e.example/"))))
    assert set(seen.tags) == {"p", "a"}
    assert set(seen.links) == {"https://github.example/pull/12"}
    assert not CALLS.search(seen.words)


def test_a_label_inside_a_longer_one_is_no_link(see: Any) -> None:
    seen = see(md.linked("wait for #123", (("#12", "https://github.example/pull/12"),)))
    assert seen.links == []
    assert seen.plain == "wait for #123"


@CALM
@given(st.lists(st.sampled_from(["a", "#12", " ", "see", "x#12", "#1"]), max_size=8).map("".join))
def test_linking_loses_no_word(s: str) -> None:
    shown = md.linked(s, (("#12", "https://e.example/"),))
    read = re.sub(r"\[#12\]\(https://e\.example/\)", "#12", shown).replace("&#8203;", "").replace("\\", "")
    assert read == one_line(s)


def test_safe_text_does_not_stay_safe_by_accident() -> None:
    assert isinstance(md.text("a"), md.Safe)
    for made in (md.text("a") + "<b>", f"{md.text('a')}<b>", md.text("a").join(["<b>", "<b>"])):
        assert not isinstance(made, md.Safe)


def test_a_label_that_is_no_word_does_not_cut_an_address_into_harmless_pieces(see: Any) -> None:
    seen = see(md.linked("see http://evil.example and #13", (("/", ""), ("#13", "https://github.test/13"))))
    assert "://" not in seen.words
    assert seen.links == ["https://github.test/13"]
