"""Where manifests are kept over time: a folder, object storage, a registry."""
