"""Where an environment lives, and how the probe gets there: one file a kind of target."""
