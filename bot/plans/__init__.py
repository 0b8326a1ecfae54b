"""Record -> ImplementationPlan: requirements, phases, risk, estimate, digest. Pure."""
