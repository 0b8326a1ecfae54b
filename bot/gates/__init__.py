"""Judging a patch and its evidence. Pure and standard library only: it also runs on the runner."""
