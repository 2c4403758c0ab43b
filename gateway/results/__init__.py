"""What is kept of answers, for how long and for whom: history, corrections, deletion and what comes after a restore."""
