"""Plan -> GitHub Actions YAML, and the proof that it keeps every rule. Pure."""
