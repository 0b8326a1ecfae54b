"""actions/download-artifact inside the sandbox: fetches archives from the run's artifact service and unpacks them.

Runs in a job, as the job's user, on the standard library. Not here: artifacts of other runs (refused).
"""

import fnmatch
import io
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path


def get(name: str) -> bytes:
    """The body of an answer of the artifact service; without a name, the list of names."""
    request = urllib.request.Request(  # noqa: S310  the address is the sandbox's own
        os.environ["ACTIONS_RESULTS_URL"] + urllib.parse.quote(name, safe=""),
        headers={"Authorization": f"Bearer {os.environ['ACTIONS_RUNTIME_TOKEN']}"},
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=60) as response:
            return bytes(response.read())
    except urllib.error.HTTPError as error:
        print(f"::error::Unable to download artifact(s): Artifact not found for name: {name} ({error.code})")
        sys.exit(1)


def main() -> None:
    """Reads the inputs from DOWNLOAD_*, fetches, unpacks, writes the outputs."""
    given = {
        key.removeprefix("DOWNLOAD_"): value
        for key, value in os.environ.items()
        if key.startswith("DOWNLOAD_")
    }
    if given["OF"] != f"{os.environ['GITHUB_REPOSITORY']} {os.environ['GITHUB_RUN_ID']}" or given["IDS"]:
        sys.exit("The sandbox downloads artifacts of the same run, by name or pattern.")
    target = Path(given["PATH"]).expanduser().resolve()
    if given["NAME"]:
        wanted = {given["NAME"]: target}
    else:
        names = [name for name in json.loads(get("")) if fnmatch.fnmatchcase(name, given["PATTERN"] or "*")]
        wanted = {name: target if given["MERGE"] == "true" else target / name for name in names}
    for name, place in wanted.items():
        with zipfile.ZipFile(io.BytesIO(get(name))) as archive:
            place.mkdir(parents=True, exist_ok=True)
            archive.extractall(place)  # the service has refused whatever leads out of it
        print(f"Artifact {name} is in {place}")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a") as output:
        output.write(f"download-path={target}\n")


if __name__ == "__main__":
    main()
