"""Signed statements about images: how they are written, where they lie, and which of them count."""
