"""Records that survive a crash, and shards with limits."""
