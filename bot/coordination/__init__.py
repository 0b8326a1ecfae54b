"""The doing half of the workflow engine: Step Coordinator and Step Execution Service (ADR-012)."""
