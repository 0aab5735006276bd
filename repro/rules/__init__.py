"""What a change means: rules as data, and findings as their result."""
