"""Agents: what they are, what they need, and which of them is the best available."""
