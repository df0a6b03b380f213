"""Changes of tables, and their exports."""
