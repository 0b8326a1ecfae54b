"""ADR-012's workflow language: its text, shape, references and mistakes, and the definition they make. Pure."""
