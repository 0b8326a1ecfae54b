"""actions/checkout inside the sandbox: fetches from the run's read-only copy of the repository.

Runs in a job, as the job's user, on the standard library. Every step of a run sees the copy's place in
SANDBOX_SOURCE; nothing is fetched over a network. Behaves as the real action does in what a workflow can notice:
depth 1 by default, a detached head for a commit, a branch for a branch, the token in .git/config only if asked
for. Not here: submodules, LFS, sparse checkouts, other repositories (each refused with a sentence).
"""

import base64
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def git(*arguments: str, cwd: Path, trust: Path | None = None) -> str:
    """Runs git; its own words go to the log. trust: a configuration file to read as the user's."""
    environment = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_PAGER": "cat"}
    if trust is not None:
        environment["GIT_CONFIG_GLOBAL"] = str(trust)
    done = subprocess.run(["git", *arguments], cwd=cwd, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"git {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def main() -> None:
    """Reads the inputs from CHECKOUT_*, checks them, makes the work tree."""
    given = {
        key.removeprefix("CHECKOUT_"): value
        for key, value in os.environ.items()
        if key.startswith("CHECKOUT_")
    }
    repository, workspace = os.environ["GITHUB_REPOSITORY"], Path(os.environ["GITHUB_WORKSPACE"]).resolve()
    if given["REPOSITORY"].lower() != repository.lower():
        sys.exit(f"The sandbox checks out {repository} only, not {given['REPOSITORY']}.")
    if given["UNSUPPORTED"] != "false,false,":
        sys.exit("The sandbox knows no submodules, LFS or sparse checkouts.")
    target = (workspace / given["PATH"]).resolve()
    if not target.is_relative_to(workspace):
        sys.exit(f"The path {given['PATH']!r} is not under {workspace}.")
    ref, depth = given["REF"], given["DEPTH"] if given["DEPTH"].isdigit() else "1"
    if ref and not re.fullmatch(r"(?!-)[\w./@+-]+", ref):
        sys.exit(f"{ref!r} is no ref that the sandbox knows.")

    target.mkdir(parents=True, exist_ok=True)
    if given["CLEAN"] == "true" or not (target / ".git").is_dir():
        for entry in target.iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        git("init", "-q", "-b", "main", cwd=target)
        server = os.environ.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
        git("remote", "add", "origin", f"{server}/{repository}", cwd=target)
        git("config", "gc.auto", "0", cwd=target)
    commit, branch = fetch(target, ref, depth, tags=given["TAGS"] == "true")
    if branch:
        git("update-ref", f"refs/remotes/origin/{branch}", commit, cwd=target)
        git("checkout", "-q", "--force", "-B", branch, commit, cwd=target)
        git("config", f"branch.{branch}.remote", "origin", cwd=target)
        git("config", f"branch.{branch}.merge", f"refs/heads/{branch}", cwd=target)
    else:
        git("-c", "advice.detachedHead=false", "checkout", "-q", "--force", commit, cwd=target)
    if given["PERSIST"] == "true" and given["TOKEN"]:
        server = os.environ.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
        basic = base64.b64encode(f"x-access-token:{given['TOKEN']}".encode()).decode()
        git("config", "--local", f"http.{server}/.extraheader", f"AUTHORIZATION: basic {basic}", cwd=target)
    with Path(os.environ["GITHUB_OUTPUT"]).open("a") as output:
        output.write(f"ref={ref or branch}\ncommit={commit}\n")
    print(f"{repository} at {commit}{f' ({branch})' if branch else ''}, depth {depth}")


def fetch(target: Path, ref: str, depth: str, *, tags: bool) -> tuple[str, str]:
    """Fetches a ref. Returns its commit, and the branch to be on (empty: a detached head)."""
    source = Path(os.environ["SANDBOX_SOURCE"]).as_uri()
    own, sha = os.environ["GITHUB_REF"], os.environ["GITHUB_SHA"]
    if not ref or ref in (own, own.removeprefix("refs/heads/")):
        # Like the real action: the run's own ref is taken at the run's commit, wherever the branch is by now.
        wanted, branch = sha, own.removeprefix("refs/heads/") if own.startswith("refs/heads/") else ""
    elif re.fullmatch(r"[0-9a-f]{40}", ref):
        wanted, branch = ref, ""
    elif ref.startswith("refs/"):
        wanted, branch = ref, ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""
    else:
        wanted, branch = f"refs/heads/{ref}", ref
    with tempfile.NamedTemporaryFile("w", suffix=".gitconfig") as trust:
        trust.write("[safe]\n\tdirectory = *\n")  # the copy belongs to another user: it is read, nothing else
        trust.flush()
        limits = [] if depth == "0" else [f"--depth={depth}"]
        more = ["+refs/heads/*:refs/remotes/origin/*"] if depth == "0" else []
        tag = "--tags" if tags or depth == "0" else "--no-tags"
        git("fetch", "-q", tag, *limits, source, wanted, *more, cwd=target, trust=Path(trust.name))
    return git("rev-parse", "--verify", "FETCH_HEAD^{commit}", cwd=target), branch


if __name__ == "__main__":
    main()
