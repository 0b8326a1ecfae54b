"""`cloi gate patch|tests|new-tests|verify`: judging in a job, from a clean checkout.

The verdicts are bot.gates' own; here is only what they need: the patch from its file, the base from git, the
suites from real runs. `gate patch` comes before any foreign code runs, the others are each the last thing that
happens in their job. What they print and leave is detail: GitHub's conclusion of the job is what decides.
"""

from __future__ import annotations

import hashlib
import hmac
import tempfile
from pathlib import Path

from bot.gates.constraints import constraints_of
from bot.gates.marker import read_marker
from bot.gates.patch import Patch, PatchError, apply, blob_id, occupied, parse, touched
from bot.gates.rules import judge_patch, limits_of
from bot.gates.suite import Outcome, judge_new_tests, judge_suite
from bot.gates.weakening import is_test_file, stubs_of
from bot.result import Result, Verdict, combine
from bot.runner import coverage
from bot.runner.git import Git
from bot.runner.job import Job, Refusal, say
from bot.runner.suites import Suite, run_suite


def gate_patch(job: Job) -> None:
    """Check the patch's hash, judge it, apply it to the clean checkout. Raises Refusal unless it passes."""
    git = Git(job.checkout)
    if git.head() != job.base or not git.is_clean():
        raise Refusal("the checkout is not the clean base of this run")
    data = _handed_over(job)
    try:
        patch = parse(data)
    except PatchError as error:
        result = Result("gate/patch", Verdict.FAIL, str(error))
        job.keep_evidence("patch", result)
        raise Refusal(f"the patch is refused: {error}") from error
    base = git.files_at(job.base, touched(patch))
    listed = git.listed(job.base)
    result = judge_patch(
        patch,
        limits_of(job.plan),
        base,
        patterns=job.plan["architecturalPatterns"],
        taken=occupied(patch, listed),
        constraints=constraints_of(job.plan),
        listed=listed,
        stubs=stubs_of(job.plan),
    )
    job.keep_evidence("patch", result, patchSha256=patch.sha256, baseSha=job.base)
    if not result.passed:
        raise Refusal("the change breaks a rule and is not applied")
    for path, content in apply(patch, base).items():
        _write(job.checkout, path, content)
    say(f"Applied the change of {len(patch.files)} files")


def gate_tests(job: Job) -> None:
    """Run the tests on a pristine copy of the base, then with the change. Raises Refusal unless they hold.

    Coverage is measured here a second time, away from the machine on which the agent worked.
    """
    git = Git(job.checkout)
    paths = git.changed_paths(job.base, git.snapshot(job.work / "snapshot.index"))
    with tempfile.TemporaryDirectory(dir=job.work) as folder:
        base = _suite_of_base(job, Path(folder))
    changed, covered = coverage.measure(job, paths)
    held = judge_suite(base.outcomes, changed.outcomes, changed.exit_code)
    result = combine(
        "gate/tests",
        (*held.children, covered.judge(int(job.plan["testStrategy"]["coverageTarget"]))),
        passed=held.reason,
        failed=held.reason if not held.passed else "the tests hold, but reach too little of the change",
    )
    _keep_suites(job, "tests", result, base=base, changed=changed)


def gate_new_tests(job: Job) -> None:
    """Run the new tests without the code that they came with. Raises Refusal unless they fail there."""
    patch = _patch_again(job)
    with tempfile.TemporaryDirectory(dir=job.work) as folder:
        base = _suite_of_base(job, Path(folder))
        alone = Path(folder) / "alone"
        Git(job.checkout).export(job.base, alone)
        content = apply(patch, Git(job.checkout).files_at(job.base, touched(patch)))
        for path, text in content.items():
            if is_test_file(path):
                _write(alone, path, text)
        without = run_suite(job, alone, "new tests without the change")
    changed = run_suite(job, job.checkout, "with the change")
    required = bool(job.plan["testStrategy"]["newTestsFailOnBase"])
    result = judge_new_tests(base.outcomes, changed.outcomes, without.outcomes, required=required)
    _keep_suites(job, "new-tests", result, base=base, changed=changed, without=without)


def gate_verify(job: Job) -> None:
    """Test the default branch, if the decision is in force there. Raises Refusal unless that holds.

    Without the marker there is nothing to check, which is said and kept as evidence, and is no failure: a
    daily run also happens before the implementation is merged and after it was taken back.
    """
    marker_path = f".github/cloi/{job.plan['feature']}.in-force.json"
    try:
        marker = read_marker((job.checkout / marker_path).read_bytes())
    except FileNotFoundError:
        words = f"not in force: {marker_path} is not on this branch, so there is nothing to check"
        job.keep_evidence("verify", Result("gate/verify", Verdict.SKIP, words), inForce=False)
        return
    except ValueError as error:
        raise Refusal(f"{marker_path} cannot be read: {error}") from error
    suite = run_suite(job, job.checkout, "the default branch")
    failing = [t for t, o in suite.outcomes.items() if o in (Outcome.FAILED, Outcome.UNFINISHED)]
    if suite.exit_code == 0 and suite.outcomes and not failing:
        tests = Result("gate/verify/tests", Verdict.PASS, f"{len(suite.outcomes)} tests pass")
    else:
        words = (
            suite.problem
            or f"{len(failing)} of {len(suite.outcomes)} tests fail, exit code {suite.exit_code}"
        )
        tests = Result("gate/verify/tests", Verdict.FAIL, words)
    result = combine(
        "gate/verify",
        (tests, _record_kept(job, marker), _same_plan(job, marker)),
        passed="the decision is in force and holds",
        failed="the decision is in force and does not hold",
    )
    job.keep_evidence("verify", result, inForce=True, seconds={"verify": round(suite.seconds, 3)})
    if not result.passed:
        raise Refusal(result.reason)


def _record_kept(job: Job, marker: dict[str, object]) -> Result:
    adr = marker["adr"]
    assert isinstance(adr, dict)
    content = Git(job.checkout).files_at(job.base, [str(adr.get("path"))]).get(str(adr.get("path")))
    name = "gate/verify/record"
    if content is None:
        return Result(name, Verdict.FAIL, "the decision record is gone, but its implementation is in force")
    if blob_id(content) != adr.get("blobSha"):
        return Result(name, Verdict.WARN, "the decision record was changed since; the bot plans it anew")
    return Result(name, Verdict.PASS, "the decision record is the one that was implemented")


def _same_plan(job: Job, marker: dict[str, object]) -> Result:
    name = "gate/verify/plan"
    if marker.get("planDigest") == job.plan.get("digest"):
        return Result(name, Verdict.PASS, "the plan is the one that was implemented")
    return Result(name, Verdict.WARN, "there is a newer plan, which is not implemented yet")


def _handed_over(job: Job) -> bytes:
    """The patch, once its hash is checked: the way from the other job, not the content, is guarded by it."""
    try:
        data = (job.handover / "patch.diff").read_bytes()
        said = (job.handover / "patch.sha256").read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal("no patch was handed over") from error
    if not said or not hmac.compare_digest(said[0], hashlib.sha256(data).hexdigest()):
        raise Refusal("the patch is not the one whose hash was handed over")
    return data


def _patch_again(job: Job) -> Patch:
    try:
        return parse(_handed_over(job))
    except PatchError as error:
        raise Refusal(f"the patch is refused: {error}") from error


def _write(root: Path, path: str, content: bytes | None) -> None:
    """Write or remove one file, never through a link that leads elsewhere."""
    target = root / path
    folder = root
    for part in Path(path).parts[:-1]:
        folder /= part
        if folder.is_symlink():
            raise Refusal(f"{path}: {part} is a link; the change may not go through it")
    if target.is_symlink():
        raise Refusal(f"{path}: is a link in the checkout")
    if content is None:
        target.unlink()
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def _suite_of_base(job: Job, folder: Path) -> Suite:
    Git(job.checkout).export(job.base, folder / "base")
    return run_suite(job, folder / "base", "the base")


def _keep_suites(job: Job, name: str, result: Result, **suites: Suite) -> None:
    for said in {s.problem for s in suites.values() if s.problem}:
        say(f"    {said}")
    job.keep_evidence(
        name,
        result,
        seconds={key: round(s.seconds, 3) for key, s in suites.items()},
        suites={key: {t: o.value for t, o in sorted(s.outcomes.items())} for key, s in suites.items()},
    )
    if not result.passed:
        raise Refusal(result.reason)
