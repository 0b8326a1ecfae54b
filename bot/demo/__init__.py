"""`cloi demo` and `cloi sandbox`: the bot at work on a GitHub of this machine, with people who use it."""

from bot.demo.play import play, serve_sandbox
from bot.demo.stage import StoodStill
from bot.demo.stories import STORIES, as_told

__all__ = ["STORIES", "StoodStill", "as_told", "play", "serve_sandbox"]
