"""The step types and plugins of ADR-012's own example: they know neither GitHub nor this bot's jobs."""
