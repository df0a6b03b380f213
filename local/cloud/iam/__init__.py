"""What IAM and STS know of a request, a role or a session."""
