"""What was acknowledged survives a crash."""
