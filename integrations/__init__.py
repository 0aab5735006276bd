"""What lets repro run inside the tools and services of others."""
