"""A very small shop that sells tea."""
