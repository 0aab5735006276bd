"""Speaks with image registries: the OCI distribution protocol, and who may read what."""
