"""What every store promises the engine; each promise runs on memory and on SQLite."""

from typing import Any

import pytest

from bot.engine.errors import ConcurrencyConflict, StoreError
from bot.engine.events import Event, StepStarted, WorkflowCompleted, WorkflowStarted, encode, link
from bot.engine.ports import Append, Delivery, Effect, EventStore, Summary

AT = "2026-11-02T09:00:00.000000Z"


def event(stream: str, version: int, body: Any) -> Event:
    return Event(
        stream=stream, version=version, at=AT, actor="@maria", cause="d-1", correlation="c-1", body=body
    )


def summary(stream: str, **changes: Any) -> Summary:
    return Summary(
        **{
            "instance": stream,
            "definition": "implement-adr",
            "key": f"key of {stream}",
            "state": "running",
            "open": True,
            "started_at": AT,
            "updated_at": AT,
        }
        | changes
    )


def started(stream: str, **changes: Any) -> Append:
    body = WorkflowStarted(
        definition="implement-adr",
        version="1.0",
        digest="sha256:1",
        key="acme/app#1",
        context={"text": "‘ü’ \x00 €", "n": 1},
    )
    return Append(
        stream=stream, expected=0, events=(event(stream, 1, body),), summary=summary(stream, **changes)
    )


def step(stream: str, version: int) -> Event:
    return event(stream, version, StepStarted(step="plan", attempt=1, key="k", undoable=True))


def delivery(id: str, **changes: Any) -> Delivery:
    return Delivery(**{"id": id, "event": "issue_comment", "body": b'{"a": 1}', "received_at": AT} | changes)


def effect(key: str, instance: str = "a") -> Effect:
    return Effect(
        key=key,
        kind="comment",
        instance=instance,
        step="report",
        digest="sha256:2",
        state="intended",
        intended_at=AT,
    )


# --- streams


def test_a_stream_reads_back_as_it_was_written(store: EventStore) -> None:
    first = started("a")
    second = Append(
        stream="a", expected=1, events=(step("a", 2), step("a", 3)), summary=summary("a", state="parked")
    )
    store.append([first])
    store.append([second])
    assert store.read("a") == [*first.events, *second.events]
    assert store.read("b") == []


def test_the_head_is_the_chain_over_the_encoded_events(store: EventStore) -> None:
    assert store.head("a") == ""
    store.append([started("a")])
    store.append([Append(stream="a", expected=1, events=(step("a", 2),), summary=summary("a"))])
    head = ""
    for item in store.read("a"):
        head = link(head, encode(item))
    assert store.head("a") == head == store.verify("a")


def test_two_who_saw_the_same_version_cannot_both_append(store: EventStore) -> None:
    store.append([started("a")])
    with pytest.raises(ConcurrencyConflict) as conflict:
        store.append([started("a")])
    assert (conflict.value.stream, conflict.value.expected, conflict.value.found) == ("a", 0, 1)
    with pytest.raises(ConcurrencyConflict):
        store.append([Append(stream="a", expected=5, events=(step("a", 6),), summary=summary("a"))])
    assert len(store.read("a")) == 1


def test_all_streams_and_the_delivery_or_nothing(store: EventStore) -> None:
    store.append([started("b")])
    store.keep(delivery("d"))
    head = store.head("b")
    with pytest.raises(ConcurrencyConflict):
        store.append([started("a"), started("b", state="parked")], consumes="d")
    assert store.read("a") == []
    assert store.head("a") == ""
    assert store.head("b") == head
    assert [s.instance for s in store.summaries()] == ["b"]
    assert store.summaries()[0].state == "running"
    assert [d.id for d in store.pending()] == ["d"]


def test_two_appends_to_one_stream_in_one_call_follow_each_other(store: EventStore) -> None:
    more = Append(stream="a", expected=1, events=(step("a", 2),), summary=summary("a", state="completed"))
    store.append([started("a"), more])
    assert [e.version for e in store.read("a")] == [1, 2]
    assert store.summaries()[0].state == "completed"


@pytest.mark.parametrize(("stream", "version"), [("a", 2), ("b", 1), ("a", 0)])
def test_events_that_are_numbered_for_elsewhere_are_refused(
    store: EventStore, stream: str, version: int
) -> None:
    wrong = Append(
        stream="a", expected=0, events=(event(stream, version, WorkflowCompleted()),), summary=summary("a")
    )
    with pytest.raises(ValueError, match="does not belong at a/1"):
        store.append([wrong])
    assert store.summaries() == []


def test_what_cannot_be_encoded_changes_nothing(store: EventStore) -> None:
    body = WorkflowStarted(definition="x", version="1", digest="", key="", context={"oops": object()})
    bad = Append(stream="b", expected=0, events=(event("b", 1, body),), summary=summary("b"))
    with pytest.raises(TypeError):
        store.append([started("a"), bad])
    assert store.summaries() == []
    store.append([started("a")])


def test_what_was_appended_cannot_be_changed_through_the_callers_hands(store: EventStore) -> None:
    context: dict[str, Any] = {"list": [1]}
    body = WorkflowStarted(definition="x", version="1", digest="", key="", context=context)
    store.append([Append(stream="a", expected=0, events=(event("a", 1, body),), summary=summary("a"))])
    context["list"].append(2)
    read = store.read("a")[0].body
    assert isinstance(read, WorkflowStarted)
    assert read.context == {"list": [1]}
    read.context["list"].append(3)
    assert store.verify("a") == store.head("a")


def test_summaries_come_oldest_first_and_can_be_chosen(store: EventStore) -> None:
    store.append([started("a"), started("b", definition="check-record")])
    store.append([started("c")])
    done = summary("a", state="completed", open=False, reason="all done")
    store.append([Append(stream="a", expected=1, events=(step("a", 2),), summary=done)])
    assert [s.instance for s in store.summaries()] == ["a", "b", "c"]
    assert store.summaries()[0] == done
    assert [s.instance for s in store.summaries(open_only=True)] == ["b", "c"]
    assert [s.instance for s in store.summaries(definition="implement-adr")] == ["a", "c"]
    assert [s.instance for s in store.summaries(definition="implement-adr", open_only=True)] == ["c"]


# --- deliveries


def test_a_delivery_is_kept_once_by_its_id(store: EventStore) -> None:
    assert store.keep(delivery("d", body=b"\x00\xff raw" * 1000, installation_target="42"))
    assert not store.keep(delivery("d", body=b"another", event="push"))
    same = delivery("e")
    assert store.keep(same)
    assert not store.keep(same)
    assert store.pending() == [
        delivery("d", body=b"\x00\xff raw" * 1000, installation_target="42"),
        delivery("e"),
    ]


def test_pending_ones_come_in_order_of_arrival(store: EventStore) -> None:
    for id in ("z", "y", "x", "w"):
        store.keep(delivery(id))
    store.settle("y", "ignored", "nobody waits for it")
    assert [d.id for d in store.pending()] == ["z", "x", "w"]
    assert [d.id for d in store.pending(limit=2)] == ["z", "x"]


def test_an_append_consumes_its_delivery(store: EventStore) -> None:
    store.keep(delivery("d"))
    store.append([started("a")], consumes="d", reason="started a")
    assert store.pending() == []
    (kept,) = store.deliveries()
    assert (kept.state, kept.reason) == ("consumed", "started a")


def test_a_delivery_is_consumed_once(store: EventStore) -> None:
    store.keep(delivery("d"))
    store.append([started("a")], consumes="d")
    with pytest.raises(ConcurrencyConflict):
        store.append([started("b")], consumes="d")
    assert store.read("b") == []


def test_a_parked_delivery_can_be_taken_up_again(store: EventStore) -> None:
    store.keep(delivery("d"))
    store.settle("d", "parked", "could not be read")
    assert store.pending() == []
    store.settle("d", "pending", "asked for by @maria")
    assert [d.id for d in store.pending()] == ["d"]
    store.append([], consumes="d")
    assert [d.state for d in store.deliveries()] == ["consumed"]


def test_failures_to_handle_a_delivery_are_counted(store: EventStore) -> None:
    store.keep(delivery("d"))
    assert [store.stumble("d", f"try {n}") for n in (1, 2, 3)] == [1, 2, 3]
    (kept,) = store.pending()
    assert (kept.attempts, kept.reason, kept.state) == (3, "try 3", "pending")


def test_the_list_of_deliveries_is_newest_first_and_without_bodies(store: EventStore) -> None:
    for id in ("1", "2", "3"):
        store.keep(delivery(id))
    store.settle("2", "ignored", "not ours")
    assert store.deliveries() == [
        delivery("3", body=b""),
        delivery("2", body=b"", state="ignored", reason="not ours"),
        delivery("1", body=b""),
    ]
    assert [d.id for d in store.deliveries(limit=1)] == ["3"]
    assert [d.id for d in store.deliveries(state="pending")] == ["3", "1"]


def test_which_deliveries_were_kept_can_be_asked_for_many_at_once(store: EventStore) -> None:
    for id in ("1", "2", "it's"):
        store.keep(delivery(id))
    store.settle("2", "parked", "broken")
    assert store.kept(["2", "it's", "3", *map(str, range(10, 5000))]) == {"2", "it's"}
    assert store.kept([]) == set()


def test_an_unknown_delivery_is_an_error(store: EventStore) -> None:
    for act in (
        lambda: store.settle("?", "ignored", ""),
        lambda: store.stumble("?", ""),
        lambda: store.append([started("a")], consumes="?"),
    ):
        with pytest.raises(StoreError, match=r"no delivery \? was kept"):
            act()
    assert store.read("a") == []


def test_there_are_four_states_of_a_delivery(store: EventStore) -> None:
    store.keep(delivery("d"))
    with pytest.raises(ValueError, match="not 'done'"):
        store.settle("d", "done", "")
    with pytest.raises(ValueError, match="not 'new'"):
        store.keep(delivery("e", state="new"))
    assert [d.id for d in store.deliveries()] == ["d"]


# --- effects


def test_an_effect_is_intended_once_and_then_observed(store: EventStore) -> None:
    assert store.intend(effect("k")) == effect("k")
    store.observe("k", {"comment": 7, "urls": ["x"]})
    again = store.intend(effect("k", instance="other"))
    assert (again.state, again.result, again.instance) == (
        "observed",
        {"comment": 7, "urls": ["x"]},
        "a",
    )


def test_the_journal_is_in_order_and_can_be_read_for_one_instance(store: EventStore) -> None:
    for key, instance in (("k3", "a"), ("k1", "b"), ("k2", "a")):
        store.intend(effect(key, instance))
    assert [e.key for e in store.effects()] == ["k3", "k1", "k2"]
    assert [e.key for e in store.effects("a")] == ["k3", "k2"]
    assert store.effects("nobody") == []


def test_an_observation_without_intent_is_an_error(store: EventStore) -> None:
    with pytest.raises(StoreError, match="no effect was intended"):
        store.observe("k", {})
    assert store.effects() == []


# --- blobs


def test_a_blob_is_found_by_its_digest_until_it_expires(store: EventStore, clock: Any) -> None:
    digest = store.put_blob(b"a large patch")
    assert digest == "sha256:b24c38883fad66b16774cce72574465e12824f0fb383e878e18a4228f57c0a27"
    clock.pass_days(29)
    assert store.get_blob(digest) == b"a large patch"
    clock.pass_days(1)
    with pytest.raises(KeyError):
        store.get_blob(digest)


def test_putting_a_blob_again_keeps_it_longer(store: EventStore, clock: Any) -> None:
    digest = store.put_blob(b"x")
    clock.pass_days(20)
    assert store.put_blob(b"x") == digest
    clock.pass_days(20)
    store.put_blob(b"another")
    assert store.get_blob(digest) == b"x"


def test_an_expired_blob_can_be_put_anew(store: EventStore, clock: Any) -> None:
    digest = store.put_blob(b"x")
    clock.pass_days(31)
    store.put_blob(b"x")
    assert store.get_blob(digest) == b"x"


def test_a_lasting_blob_outlives_all_others_and_stays_lasting(store: EventStore, clock: Any) -> None:
    definition = store.put_blob(b"workflow: ...", lasting=True)
    store.put_blob(b"workflow: ...")
    clock.pass_days(10_000)
    store.put_blob(b"another")
    assert store.get_blob(definition) == b"workflow: ..."


def test_an_unknown_blob_is_a_key_error(store: EventStore) -> None:
    with pytest.raises(KeyError):
        store.get_blob("sha256:0")
