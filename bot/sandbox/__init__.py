"""A GitHub on your machine; see sandbox.py. Imports nothing of the bot."""
