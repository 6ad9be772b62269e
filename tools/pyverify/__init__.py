"""A second opinion: verifies what Coffer proves, written from docs/spec alone. See README.md beside this file."""
