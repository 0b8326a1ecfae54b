"""Step types: the only code with side effects, one module each, found by the entry point `cloi.steps`."""
