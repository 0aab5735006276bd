"""What differs between manifests, without an opinion on what it means."""

from repro.diff.change import Change, Comparison, FieldChange, How
from repro.diff.compare import compare

__all__ = ["Change", "Comparison", "FieldChange", "How", "compare"]
