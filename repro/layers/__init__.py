"""Reads images as what they are stored as: layers, one above the other, never run."""
