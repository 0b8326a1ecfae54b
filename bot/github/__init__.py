"""Everything that is said to GitHub and heard from it. Knows no workflow: bot/steps decides what is said."""
