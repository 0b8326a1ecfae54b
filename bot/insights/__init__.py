"""What events tell people: progress, reports, key performance indicators, whether the log is whole. Pure folds."""
