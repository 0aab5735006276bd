"""What vector databases say of themselves: versions, distances, dimensions and index settings."""
