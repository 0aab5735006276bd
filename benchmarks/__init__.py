"""Measurements of speed and memory, side by side with what is measured against, as ratios."""
