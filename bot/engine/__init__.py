"""The event-sourced workflow engine of ADR-012: definitions, instances, events, sagas. Knows no GitHub."""
