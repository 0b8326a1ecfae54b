"""A scripted agent: it plays the part of a coding agent in the demo, and writes what is written below.

No language model is at work here. It can do one task, the login limit of ADR-0003, and follows the same
contract as a real agent: CLOI_TASK says what to do, CLOI_PROMPT_FILE holds the prompt, CLOI_RESULT_FILE takes
the answer. It really changes files in the checkout, and its tests really fail without its code.
"""

import json
import os
import sys
from pathlib import Path

LIMIT = '''"""How often somebody may try to log in: a token bucket for each customer (0003/R1)."""

import time

BURST = 5
SECONDS_PER_TOKEN = 60.0


class TooManyAttempts(Exception):
    """No attempt is left. seconds: how long to wait for the next one (0003/R7)."""

    def __init__(self, seconds):
        super().__init__(f"too many attempts, please wait {seconds:.0f} seconds")
        self.seconds = seconds


class TokenBucket:
    """Holds up to BURST tokens, gains one each SECONDS_PER_TOKEN. clock: seconds, never back (0003/R3)."""

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._tokens = float(BURST)
        self._seen = clock()

    def take(self):
        """Take a token, or raise TooManyAttempts."""
        self._refill()
        if self._tokens < 1:
            raise TooManyAttempts((1 - self._tokens) * SECONDS_PER_TOKEN)
        self._tokens -= 1

    @property
    def full(self):
        """Whether it is as good as new."""
        self._refill()
        return self._tokens >= BURST

    def _refill(self):
        now = self._clock()
        self._tokens = min(BURST, self._tokens + (now - self._seen) / SECONDS_PER_TOKEN)
        self._seen = now


class LoginLimiter:
    """One bucket for each customer who tried lately (0003/R4)."""

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._buckets = {}

    def attempt(self, name):
        """Count an attempt to log in under this name. Raises TooManyAttempts if there were too many."""
        self._buckets = {n: b for n, b in self._buckets.items() if n == name or not b.full}
        self._buckets.setdefault(name, TokenBucket(self._clock)).take()

    def __len__(self):
        return len(self._buckets)
'''

ACCOUNTS = [
    ("import os\n", "import os\n\nfrom teashop.login_limit import LoginLimiter\n"),
    (
        "    def __init__(self):\n        self._customers = {}\n",
        "    def __init__(self, limiter=None):\n"
        "        self._customers = {}\n"
        "        self._limiter = LoginLimiter() if limiter is None else limiter\n",
    ),
    (
        '        """Whether this is the password of this customer."""\n',
        '        """Whether this is the password of this customer. Raises TooManyAttempts (0003/R6)."""\n'
        "        self._limiter.attempt(name)\n",
    ),
]

TESTS = '''import timeit
import unittest

from teashop.accounts import Accounts
from teashop.login_limit import BURST, LoginLimiter, TokenBucket, TooManyAttempts


class Clock:
    """A clock that only moves when it is told to."""

    now = 0.0

    def __call__(self):
        return self.now


class TokenBucketTest(unittest.TestCase):
    """0003/R3: a bucket whose clock comes from outside; 0003/R1: five at once, then one a minute."""

    def test_a_few_attempts_are_free_and_then_it_is_empty(self):
        bucket = TokenBucket(Clock())
        for _ in range(BURST):
            bucket.take()
        with self.assertRaises(TooManyAttempts) as caught:
            bucket.take()
        self.assertEqual(caught.exception.seconds, 60)  # 0003/R7

    def test_each_minute_brings_one_token(self):
        clock = Clock()
        bucket = TokenBucket(clock)
        for _ in range(BURST):
            bucket.take()
        clock.now += 60
        bucket.take()
        with self.assertRaises(TooManyAttempts):
            bucket.take()


class LoginLimiterTest(unittest.TestCase):
    """0003/R4: one bucket for each customer."""

    def test_customers_do_not_take_tokens_from_each_other(self):
        limiter = LoginLimiter(Clock())
        for _ in range(BURST):
            limiter.attempt("mallory")
        limiter.attempt("ada")

    def test_full_buckets_are_forgotten(self):
        clock = Clock()
        limiter = LoginLimiter(clock)
        limiter.attempt("ada")
        clock.now += 3600
        limiter.attempt("bob")
        self.assertEqual(len(limiter), 1)


class DoorTest(unittest.TestCase):
    """0003/R6: a token is taken before the password is looked at."""

    def test_guessing_is_stopped_even_with_the_right_password_in_the_end(self):
        clock = Clock()
        accounts = Accounts(LoginLimiter(clock))
        accounts.register("ada", "oolong-and-milk")
        for _ in range(BURST):
            self.assertFalse(accounts.login("ada", "a-wrong-guess"))
        with self.assertRaises(TooManyAttempts):
            accounts.login("ada", "oolong-and-milk")
        clock.now += 60
        self.assertTrue(accounts.login("ada", "oolong-and-milk"))


class LoginSpeedTest(unittest.TestCase):
    @unittest.skip("not measured yet: Login check < 1 ms")
    def test_0003_r8_login_check_below_1_ms(self):
        limiter = LoginLimiter()
        self.assertLess(min(timeit.repeat(lambda: limiter.attempt("ada"), number=1, repeat=BURST)), 0.001)


if __name__ == "__main__":
    unittest.main()
'''

API = """# Login limit: reference

Module `teashop.login_limit`.

| name | what it is |
|---|---|
| `TokenBucket(clock)` | five attempts at once, one more each minute; `take()` or `TooManyAttempts` |
| `LoginLimiter(clock)` | one bucket for each customer; `attempt(name)` |
| `TooManyAttempts` | raised when no attempt is left; `seconds` says how long to wait |
| `Accounts(limiter)` | `login` takes a token before it looks at the password |
"""

GUIDE = """# When the door stays shut

You may try your password five times in a row. After that the shop asks you to wait: one more attempt is given
each minute. Nobody can lock your account; waiting is always enough.
"""


def implement():
    """Write the module and use it at the door."""
    Path("teashop/login_limit.py").write_text(LIMIT)
    accounts = Path("teashop/accounts.py")
    text = accounts.read_text()
    for old, new in ACCOUNTS:
        if text.count(old) != 1:
            sys.exit(f"scripted agent: {accounts} is not as I know it, and I cannot think; no change made")
        text = text.replace(old, new)
    accounts.write_text(text)


def write_docs():
    """Write the documents that were asked for."""
    for variable, text in (("CLOI_API_DOCS_FILE", API), ("CLOI_USER_GUIDE_FILE", GUIDE)):
        if path := os.environ.get(variable):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(text)


def main():
    """Do the task that CLOI_TASK names."""
    task = os.environ["CLOI_TASK"]
    print(f"scripted agent: I am a script that plays an agent for the demo. Task: {task}.")
    if "token bucket" not in Path(os.environ["CLOI_PROMPT_FILE"]).read_text():
        sys.exit("scripted agent: I only know the login limit of ADR-0003; a real agent is needed for this")
    if task == "implementation":
        implement()
    elif task == "tests":
        Path("tests/test_login_limit.py").write_text(TESTS)
    elif task == "docs":
        write_docs()
    else:
        sys.exit(f"scripted agent: I do not know the task {task!r}")
    answer = {"status": "finished", "agent": "scripted-agent", "version": "1", "tokens": 0, "cost_usd": 0}
    Path(os.environ["CLOI_RESULT_FILE"]).write_text(json.dumps(answer))
    print("scripted agent: done.")


if __name__ == "__main__":
    main()
