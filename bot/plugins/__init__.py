"""Plugin Management and Error Analysis (ADR-012): what others add, and what becomes of a failed step."""
