"""Containers of pods: what a cluster says of them, and how the probe gets there."""
