"""The event-sourced workflow engine of ADR-012, its pure half: instances, events, sagas. Knows no GitHub."""
