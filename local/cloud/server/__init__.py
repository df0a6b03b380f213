"""HTTP: how requests come in and are answered."""
