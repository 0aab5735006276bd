"""The benchmark of being right: real pairs of environments whose outputs were really compared."""
