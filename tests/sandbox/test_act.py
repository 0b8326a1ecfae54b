"""Committed workflows really run: act, another user, clean checkouts, artifacts, limits, and nothing left over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.sandbox.act import ActExecutor, CannotRun
from bot.sandbox.act_host import STANDINS, Host
from bot.sandbox.execution import (
    JobFinished,
    JobQueued,
    JobStarted,
    RunEvent,
    RunFinished,
    RunSpec,
    StepFinished,
)
from tests.properties import slow

SHA_CHECKOUT, SHA_UPLOAD, SHA_DOWNLOAD = "1" * 40, "2" * 40, "3" * 40
CHECKOUT = f"actions/checkout@{SHA_CHECKOUT} # v5"
UPLOAD = f"actions/upload-artifact@{SHA_UPLOAD} # v5"
DOWNLOAD = f"actions/download-artifact@{SHA_DOWNLOAD} # v6"
EXECUTOR = ActExecutor(grace_s=3)
PATH = ".github/workflows/story.yml"


@dataclass
class Told:
    """What a run told, in order."""

    events: list[RunEvent]
    artifacts: Path

    @property
    def jobs(self) -> dict[str, str]:
        return {e.name: e.conclusion for e in self.events if isinstance(e, JobFinished)}

    @property
    def conclusion(self) -> str:
        assert isinstance(self.events[-1], RunFinished)
        return self.events[-1].conclusion

    def log(self, job: str) -> str:
        """The job's log without times."""
        text = next(e.log for e in self.events if isinstance(e, JobFinished) and e.name == job)
        return "".join(line.partition(" ")[2] + "\n" for line in text.splitlines())

    def steps(self, job: str) -> list[tuple[int, str, str]]:
        return [
            (e.number, e.name, e.conclusion)
            for e in self.events
            if isinstance(e, StepFinished) and e.job == job
        ]


def git(directory: Path, *arguments: str) -> str:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    return subprocess.run(
        ["git", *identity, *arguments],
        cwd=directory,
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    ).stdout.strip()


@pytest.fixture
def spec_of(tmp_path: Path) -> Callable[..., RunSpec]:
    """A RunSpec for a workflow text, committed in a fresh repository."""

    def make(workflow: str, *, files: dict[str, str] | None = None, **changes: object) -> RunSpec:
        checkout = tmp_path / "checkout"
        checkout.mkdir()
        git(checkout, "init", "-q", "-b", "main")
        head = "name: Story\non: {workflow_dispatch: {inputs: {plan: {required: true}}}}\npermissions: {}\n"
        everything = {"README.md": "first\n", **(files or {}), PATH: head + textwrap.dedent(workflow)}
        for name, text in everything.items():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            (checkout / name).write_text(text)
        git(checkout, "add", "-A")
        git(checkout, "commit", "-q", "-m", "first")
        (tmp_path / "artifacts").mkdir()
        spec = RunSpec(
            run_id=4711, attempt=2, workflow_path=PATH, checkout=checkout, event_name="workflow_dispatch",
            event={"inputs": {"plan": "p-1"}}, repository="acme/widgets", ref="refs/heads/main",
            sha=git(checkout, "rev-parse", "HEAD"), actor="cloi[bot]", api_url="http://127.0.0.1:1/api/v3",
            server_url="http://127.0.0.1:1", token="ghs_verySecret42", artifacts=tmp_path / "artifacts",
        )  # fmt: skip
        return replace(spec, **changes)  # type: ignore[arg-type]

    return make


async def told(spec: RunSpec, executor: ActExecutor = EXECUTOR) -> Told:
    return Told([event async for event in executor.execute(spec)], spec.artifacts)


def alive(mark: str) -> list[str]:
    """Command lines of living processes that hold a mark."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if mark in line:
                found.append(line)
    return found


async def test_a_change_is_handed_over_and_judged_in_a_clean_checkout(
    spec_of: Callable[..., RunSpec],
) -> None:
    run = await told(
        spec_of(f"""
        jobs:
          implement:
            name: Implement
            runs-on: ubuntu-24.04
            outputs: {{digest: "${{{{ steps.pack.outputs.digest }}}}"}}
            steps:
              - uses: {CHECKOUT}
                with: {{persist-credentials: false, ref: "${{{{ github.sha }}}}"}}
              - name: Change
                run: |
                  echo second >> README.md
                  echo loose > leftover.txt
              - name: Pack
                id: pack
                run: |
                  mkdir out && git diff > out/change.patch
                  echo "digest=$(sha256sum out/change.patch | cut -d' ' -f1)" >> "$GITHUB_OUTPUT"
                  echo "### One file" >> "$GITHUB_STEP_SUMMARY"
              - uses: {UPLOAD}
                with: {{name: patch, path: out/change.patch, if-no-files-found: error, retention-days: 3}}
          validate:
            name: Validate
            needs: implement
            runs-on: ubuntu-24.04
            steps:
              - uses: {CHECKOUT}
                with: {{persist-credentials: false}}
              - uses: {DOWNLOAD}
                with: {{name: patch, path: "${{{{ runner.temp }}}}/in"}}
              - env: {{DIGEST: "${{{{ needs.implement.outputs.digest }}}}"}}
                run: |
                  echo "before: $(cat README.md | tr '\\n' ' ')$(ls)"
                  echo "$DIGEST  $RUNNER_TEMP/in/change.patch" | sha256sum --check
                  git apply "$RUNNER_TEMP/in/change.patch"
                  git status --short; git rev-parse HEAD; git branch --show-current; git log --oneline | wc -l
        """)
    )
    assert run.conclusion == "success"
    assert run.jobs == {"Implement": "success", "Validate": "success"}
    log = run.log("Validate")
    assert "before: first README.md\n" in log, "nothing of the first job's work tree is seen"
    assert "change.patch: OK" in log and " M README.md" in log and "\nmain\n" in log
    assert "### One file" in run.log("Implement").split("##[group]Job summary")[1]
    assert "+second" in (run.artifacts / "patch" / "change.patch").read_text()
    order = [
        (type(e).__name__, getattr(e, "name", "")) for e in run.events if not isinstance(e, StepFinished)
    ]
    assert order == [
        ("JobQueued", "Implement"), ("JobStarted", "Implement"), ("JobFinished", "Implement"),
        ("JobQueued", "Validate"), ("JobStarted", "Validate"), ("JobFinished", "Validate"),
        ("RunFinished", ""),
    ]  # fmt: skip
    assert run.steps("Implement") == [
        (1, "Set up job", "success"),
        (2, f"Run actions/checkout@{SHA_CHECKOUT}", "success"),
        (3, "Change", "success"),
        (4, "Pack", "success"),
        (5, f"Run actions/upload-artifact@{SHA_UPLOAD}", "success"),
        (6, "Complete job", "success"),
    ]


async def test_failures_skip_what_needs_them_and_are_told_as_github_tells_them(
    spec_of: Callable[..., RunSpec],
) -> None:
    run = await told(
        spec_of(
            """
        jobs:
          broken:
            runs-on: ubuntu-latest
            steps:
              - {name: Forgiven, run: exit 4, continue-on-error: true}
              - {name: Fails, run: exit 3}
              - {name: Passed over, run: echo never}
              - {name: Cleans up, if: always(), run: 'echo "::error file=a.py,line=3::was wrong"'}
          after: {needs: broken, runs-on: ubuntu-latest, steps: [{run: echo never}]}
          long after: {needs: after, runs-on: ubuntu-latest, steps: [{run: echo never}]}
          report:
            needs: [broken, after]
            if: always()
            runs-on: ubuntu-latest
            steps:
              - env: {R: "${{ needs.broken.result }} ${{ needs.after.result }}"}
                run: echo "$R"
          matrix:
            name: Each
            strategy: {matrix: {os: [a, b], n: [1]}}
            runs-on: ubuntu-latest
            steps: [{run: 'true'}]
        """.replace("long after:", "long_after:")
        )
    )
    assert run.conclusion == "failure"
    assert run.jobs == {
        "broken": "failure", "after": "skipped", "long_after": "skipped", "report": "success",
        "Each (a, 1)": "success", "Each (b, 1)": "success",
    }  # fmt: skip
    assert "failure skipped" in run.log("report")
    assert [(name, how) for _, name, how in run.steps("broken")][1:-1] == [
        ("Forgiven", "success"), ("Fails", "failure"), ("Passed over", "skipped"), ("Cleans up", "success"),
    ]  # fmt: skip
    log = run.log("broken")
    assert "##[error]Process completed with exit code 3." in log and "##[error]a.py:3: was wrong" in log
    kinds = [type(e) for e in run.events if getattr(e, "name", "") == "after"]
    assert kinds == [JobFinished], "a skipped job is neither queued nor started"


async def test_steps_see_the_run_and_nothing_of_the_caller(
    spec_of: Callable[..., RunSpec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "caller"
    home.mkdir()
    (home / ".gitconfig").write_text("[alias]\n\tplanted = !echo PLANTED-ALIAS\n")
    (home / ".actrc").write_text("--env PLANTED=actrc\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("AGENT_KEY", "caller-secret-1")
    probe = """
              - run: |
                  env | sort
                  git planted || echo "no alias"
                  mkdir -p "$HOME/.config" && echo kept > "$HOME/mark" ; ls -a "$HOME"
                  test -w "$TMPDIR" && echo "temp is mine"
                  echo "uid $(id -u) umask $(umask)"
                  cat "$CALLER" || echo "caller unreadable"
    """
    run = await told(
        spec_of(f"""
        jobs:
          one: {{runs-on: ubuntu-latest, env: {{CALLER: "{home}/.gitconfig"}}, steps: [{{run: echo}}]}}
          two:
            needs: one
            runs-on: ubuntu-latest
            env:
              CALLER: {home}/.gitconfig
              CONTEXT: >-
                ${{{{ github.repository }}}} ${{{{ github.sha }}}} ${{{{ github.ref }}}} ${{{{ github.actor }}}}
                ${{{{ github.run_id }}}} ${{{{ github.run_attempt }}}} ${{{{ github.event_name }}}}
                ${{{{ github.api_url }}}} ${{{{ github.server_url }}}} ${{{{ inputs.plan }}}}
              TOKEN: ${{{{ secrets.GITHUB_TOKEN }}}}
            steps:{probe}
        """)
    )
    assert run.conclusion == "success"
    log = run.log("two")
    assert "caller-secret-1" not in log and "PLANTED=" not in log and "\nPLANTED-ALIAS" not in log
    assert "no alias" in log and "temp is mine" in log
    assert "ghs_verySecret42" not in log
    assert "TOKEN=***" in log, log
    spec_words = (
        "acme/widgets {} refs/heads/main cloi[bot] 4711 2 workflow_dispatch http://127.0.0.1:1/api/v3"
    )
    sha = next(line for line in log.splitlines() if line.startswith("GITHUB_SHA=")).removeprefix(
        "GITHUB_SHA="
    )
    assert f"CONTEXT={spec_words.format(sha)} http://127.0.0.1:1 p-1" in log
    for line in ("GITHUB_RUN_ID=4711", "GITHUB_RUN_ATTEMPT=2", "GITHUB_ACTOR=cloi[bot]", "CI=true"):
        assert line in log.splitlines()
    if os.geteuid() == 0 and EXECUTOR._host is not None and EXECUTOR._host.reachable:
        assert "uid 0 " not in log and "caller unreadable" in log
    else:
        assert "not isolated" in log


async def test_jobs_do_not_share_a_home(spec_of: Callable[..., RunSpec]) -> None:
    run = await told(
        spec_of("""
        jobs:
          one: {runs-on: ubuntu-latest, steps: [{run: 'echo x > "$HOME/mark"; echo x > "$TMPDIR/mark"'}]}
          two: {needs: one, runs-on: ubuntu-latest, steps: [{run: '! ls "$HOME/mark" && ! ls "$TMPDIR/mark"'}]}
        """)
    )
    assert run.jobs == {"one": "success", "two": "success"}


@slow
async def test_credentials_are_kept_only_where_they_are_asked_for(spec_of: Callable[..., RunSpec]) -> None:
    run = await told(
        spec_of(f"""
        jobs:
          without:
            runs-on: ubuntu-latest
            steps:
              - {{uses: "{CHECKOUT.split()[0]}", with: {{persist-credentials: false}}}}
              - run: cat .git/config
          with:
            runs-on: ubuntu-latest
            steps: [{{uses: "{CHECKOUT.split()[0]}"}}, {{run: cat .git/config}}]
          elsewhere:
            runs-on: ubuntu-latest
            steps: [{{uses: "{CHECKOUT.split()[0]}", with: {{path: ../../out}}}}]
          foreign:
            runs-on: ubuntu-latest
            steps: [{{uses: "{CHECKOUT.split()[0]}", with: {{repository: evil/other}}}}]
        """)
    )
    assert "extraheader" not in run.log("without") and "url = http://127.0.0.1:1/acme/widgets" in run.log(
        "without"
    )
    assert "extraheader = AUTHORIZATION: basic" in run.log("with")
    assert run.jobs["elsewhere"] == "failure" and "is not under" in run.log("elsewhere")
    assert run.jobs["foreign"] == "failure" and "acme/widgets only" in run.log("foreign")


@slow
async def test_depth_and_refs_are_as_the_real_action_makes_them(spec_of: Callable[..., RunSpec]) -> None:
    spec = spec_of(f"""
        jobs:
          look:
            runs-on: ubuntu-latest
            steps:
              - uses: {CHECKOUT}
              - run: echo "shallow $(git rev-list --count HEAD) $(git branch --show-current)"
              - uses: {CHECKOUT}
                with: {{fetch-depth: 0, ref: topic}}
              - run: echo "full $(git rev-list --count HEAD) $(git branch --show-current) $(cat topic.txt)"
              - uses: {CHECKOUT}
                with: {{ref: "${{{{ github.sha }}}}", path: sub}}
              - run: cd sub && echo "detached '$(git branch --show-current)' $(git rev-parse HEAD)"
        """)
    checkout = spec.checkout
    git(checkout, "switch", "-q", "-c", "topic")
    (checkout / "topic.txt").write_text("on topic\n")
    git(checkout, "add", "-A")
    git(checkout, "commit", "-q", "-m", "topic")
    git(checkout, "switch", "-q", "main")
    (checkout / "README.md").write_text("second\n")
    git(checkout, "commit", "-q", "-am", "second")
    run = await told(replace(spec, sha=git(checkout, "rev-parse", "HEAD")))
    log = run.log("look")
    assert "shallow 1 main\n" in log and "full 2 topic on topic\n" in log
    assert f"detached '' {git(checkout, 'rev-parse', 'HEAD')}\n" in log


async def test_an_action_without_a_stand_in_stops_the_run_before_anything_runs(
    spec_of: Callable[..., RunSpec],
) -> None:
    run = await told(
        spec_of(
            f"""
        jobs:
          first: {{runs-on: ubuntu-latest, steps: [{{run: echo ran}}]}}
          second:
            runs-on: ubuntu-latest
            needs: first
            if: false
            steps: [{{uses: ./tools/local}}]
          third: {{runs-on: windows-latest, steps: [{{run: echo ran}}]}}
          fourth: {{uses: other/repository/.github/workflows/x.yml@{SHA_UPLOAD}}}
        """,
            files={"tools/local/action.yml": "runs: {using: composite, steps: [{uses: evil/action@v1}]}\n"},
        )
    )
    assert run.conclusion == "failure"
    assert run.jobs == {"second": "failure", "third": "failure", "fourth": "failure", "first": "skipped"}
    assert "no stand-in for the action evil/action" in run.log("second")
    assert "no runner for windows-latest" in run.log("third")
    assert "no reusable workflows" in run.log("fourth")


@slow
async def test_an_artifact_name_is_taken_once_and_missing_files_fail_where_that_is_asked(
    spec_of: Callable[..., RunSpec],
) -> None:
    upload = UPLOAD.split()[0]
    run = await told(
        spec_of(f"""
        jobs:
          one:
            runs-on: ubuntu-latest
            steps:
              - run: |
                  mkdir -p out/.hidden out/deep
                  echo 1 > out/a.txt; echo 2 > out/deep/b.log; echo 3 > out/.hidden/c; echo 4 > out/d.log
              - {{uses: "{upload}", with: {{name: things, path: out}}}}
              - uses: {upload}
                with:
                  name: logs
                  path: |
                    out/**/*.log
                    !out/d.log
              - {{uses: "{upload}", with: {{name: hidden, path: out/.hidden, if-no-files-found: ignore}}}}
              - {{uses: "{upload}", with: {{name: things, path: out/a.txt, overwrite: true}}}}
              - {{uses: "{upload}", with: {{name: things, path: out}}}}
          two:
            runs-on: ubuntu-latest
            steps: [{{uses: "{upload}", with: {{name: none, path: nothing/*.txt, if-no-files-found: error}}}}]
          three:
            needs: one
            if: always()
            runs-on: ubuntu-latest
            steps:
              - {{uses: "{DOWNLOAD.split()[0]}", with: {{path: all}}}}
              - run: cd all && find . -type f | sort | tr '\\n' ' '
        """)
    )
    assert run.jobs == {"one": "failure", "two": "failure", "three": "success"}
    assert "(409) an artifact with the name 'things' already exists" in run.log("one")
    assert "No files were found" in run.log("two")
    assert "./logs/deep/b.log ./things/a.txt \n" in run.log("three")
    assert {p.relative_to(run.artifacts).as_posix() for p in run.artifacts.rglob("*") if p.is_file()} == {
        "things/a.txt", "logs/deep/b.log",
    }  # fmt: skip


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")
async def test_a_cancelled_run_ends_at_once_and_leaves_nothing_running(
    spec_of: Callable[..., RunSpec],
) -> None:
    spec = spec_of("""
        jobs:
          slow:
            runs-on: ubuntu-latest
            steps:
              - run: setsid nohup sleep 4711.25 > /dev/null 2>&1 & echo started
              - run: echo waiting; sleep 4711.5
              - run: echo not reached
              - {if: always(), run: echo tidied}
          next: {needs: slow, runs-on: ubuntu-latest, steps: [{run: echo}]}
        """)
    events: list[RunEvent] = []
    async for event in EXECUTOR.execute(spec):
        events.append(event)
        if isinstance(event, StepFinished) and event.number == 2:
            await EXECUTOR.cancel(spec.run_id)
    run = Told(events, spec.artifacts)
    assert run.conclusion == "cancelled"
    assert run.jobs == {"slow": "cancelled", "next": "cancelled"}
    assert "tidied" in run.log("slow") and "not reached" not in run.log("slow")
    assert alive("sleep 4711.") == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")
async def test_a_run_that_does_not_stop_is_killed_after_the_grace(
    spec_of: Callable[..., RunSpec],
) -> None:
    spec = spec_of("""
        jobs:
          stubborn:
            runs-on: ubuntu-latest
            steps:
              - run: echo started
              - {if: always(), run: sleep 4712.5}
        """)
    executor = ActExecutor(grace_s=0.3)
    events: list[RunEvent] = []
    async for event in executor.execute(spec):
        events.append(event)
        if isinstance(event, StepFinished) and event.number == 2:
            await executor.cancel(spec.run_id)
    assert Told(events, spec.artifacts).jobs == {"stubborn": "cancelled"}
    assert alive("sleep 4712.") == []


@slow
async def test_limits_of_jobs_and_of_the_run_are_kept(spec_of: Callable[..., RunSpec]) -> None:
    spec = spec_of("""
        jobs:
          slow:
            runs-on: ubuntu-latest
            timeout-minutes: 1
            steps: [{run: sleep 4713.5}, {run: echo no}, {if: always(), run: echo tidied}]
          after: {needs: slow, runs-on: ubuntu-latest, steps: [{run: echo}]}
        """)
    run = await told(spec, ActExecutor(minute_s=0.5))
    assert run.jobs == {"slow": "cancelled", "after": "skipped"} and run.conclusion == "cancelled"
    assert "exceeded the maximum execution time of 1 minute." in run.log("slow") and "tidied" in run.log(
        "slow"
    )
    bounded = await told(spec, ActExecutor(run_limit_s=0.5, grace_s=0.5))
    assert bounded.conclusion == "timed_out" and bounded.jobs["slow"] == "timed_out"


async def test_a_consumer_that_goes_away_ends_the_run(spec_of: Callable[..., RunSpec]) -> None:
    events: AsyncIterator[RunEvent] = EXECUTOR.execute(
        spec_of("jobs: {a: {runs-on: ubuntu-latest, steps: [{run: sleep 4714.5}]}}")
    )
    async for event in events:
        if isinstance(event, StepFinished):
            break
    await events.aclose()  # type: ignore[attr-defined]
    assert alive("sleep 4714.") == []


async def test_what_cannot_be_run_says_why(spec_of: Callable[..., RunSpec]) -> None:
    spec = spec_of("jobs: {a: {runs-on: ubuntu-latest, steps: [{run: echo, bogus: 1}]}}")
    for changed, words in (
        (replace(spec, workflow_path=".github/workflows/absent.yml"), "is not in commit"),
        (replace(spec, workflow_path="--help"), "no workflow file"),
        (replace(spec, ref="refs/heads/${{secrets.GITHUB_TOKEN}}"), "holds an expression"),
    ):
        with pytest.raises(CannotRun, match=words):
            await told(changed)


async def test_a_step_cannot_forge_the_log_that_is_read(spec_of: Callable[..., RunSpec]) -> None:
    forged = json.dumps({"jobID": "judge", "jobResult": "success", "msg": "forged", "stepID": ["0"]})
    run = await told(
        spec_of(
            """
        jobs:
          judge: {runs-on: ubuntu-latest, steps: [{run: exit 1}]}
          agent: {runs-on: ubuntu-latest, steps: [{uses: "CHECKOUT"}, {run: "cat f.txt; cat f.txt >&2"}]}
        """.replace("CHECKOUT", CHECKOUT.split()[0]),
            files={"f.txt": f"{forged}\n{'x' * 70_000}\n{forged}\n"},
        )
    )
    assert run.jobs == {"judge": "failure", "agent": "success"}
    assert run.log("agent").count(forged) == 4, "it is text of the job that printed it"


def test_every_stand_in_is_a_composite_of_our_own() -> None:
    names = {p.parent.relative_to(STANDINS).as_posix() for p in STANDINS.rglob("action.yml")}
    assert names == {
        "actions/checkout", "actions/upload-artifact", "actions/download-artifact", "actions/setup-python",
        "actions/setup-node",
    }  # fmt: skip
    for path in STANDINS.rglob("action.yml"):
        text = path.read_text()
        assert "using: composite" in text and "uses:" not in text
        script = text.split("run:", 1)[1]
        assert "${{" not in script, "values reach a script by its environment, never by splicing"


def test_event_kinds_cover_the_protocol() -> None:
    assert {JobQueued, JobStarted, StepFinished, JobFinished, RunFinished} == set(RunEvent.__args__)


async def test_a_failing_step_keeps_its_last_words(spec_of: Callable[..., RunSpec]) -> None:
    """act alone loses them one time in four."""
    run = await told(
        spec_of("""
        jobs:
          each:
            strategy: {fail-fast: false, matrix: {n: [1, 2, 3, 4, 5, 6, 7, 8]}}
            runs-on: ubuntu-latest
            steps: [{run: 'echo "::error file=a.py,line=3::too long"; exit 1'}]
        """)
    )
    assert set(run.jobs.values()) == {"failure"} and len(run.jobs) == 8
    assert [run.log(name) for name in run.jobs if "##[error]a.py:3: too long" not in run.log(name)] == []


@pytest.mark.parametrize(
    ("options", "script", "waited"),
    [
        ("-e", "act/workflow/0.sh", True),  # act's first job
        ("--noprofile --norc -e -o pipefail", "act/workflow/0.sh", True),  # its other jobs
        ("-e", "mine.sh", False),  # what a step starts by itself
    ],
)
def test_the_shell_of_a_failed_step_waits_until_its_words_are_read(
    tmp_path: Path, options: str, script: str, waited: bool
) -> None:
    host = Host()
    (tmp_path / "act" / "workflow").mkdir(parents=True)
    (tmp_path / script).write_text("exit 3\n")
    (tmp_path / "sleep").write_text(f"#!/bin/sh\ntouch {tmp_path}/waited\n")
    (tmp_path / "sleep").chmod(0o755)
    bash = [str(host.bin / "bash"), *options.split(), str(tmp_path / script)]
    done = subprocess.run(bash, env={"PATH": f"{tmp_path}:{host.path}"}, check=False)
    assert done.returncode == 3
    assert (tmp_path / "waited").exists() == waited
