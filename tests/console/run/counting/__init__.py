"""A desk for tests: its jobs count."""
