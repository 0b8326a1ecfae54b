"""A configuration that shows a reviewer something else than what would run is not read."""

import pytest

from bot.plans import cloi_yml
from bot.plans.configuration import ConfigurationError


@pytest.mark.parametrize("sign", ["\\n", "\\t", "\\x1b", "\\x85", "\u202e", "\u2066", "\u200b", "\u2028"])
@pytest.mark.parametrize(
    "key", ['agent: {command: ["run", "%s"]}', 'tests: {command: ["%s"]}', 'records: ["%s"]']
)
def test_an_argument_with_invisible_characters_is_refused(key: str, sign: str) -> None:
    cloi_yml.read((key % "ab").encode())
    with pytest.raises(ConfigurationError):
        cloi_yml.read((key % f"a{sign}b").encode())
