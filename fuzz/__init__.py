"""A million random lines for the server; see README.md."""
