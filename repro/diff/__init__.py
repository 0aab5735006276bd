"""What differs between manifests, without an opinion on what it means."""
