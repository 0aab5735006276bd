"""Snapshots of one target on many hosts: who they are, and how each is reached."""
