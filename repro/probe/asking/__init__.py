"""Asks servers over HTTP that only a target can reach; a program of its own beside the probe."""
