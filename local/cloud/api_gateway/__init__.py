"""What API Gateway does beyond MiniStack."""
