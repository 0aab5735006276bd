"""What differs between manifests, without an opinion on what it means."""

from repro.diff.change import Change, Comparison, FieldChange, How
from repro.diff.compare import compare
from repro.diff.origin import LayerOrigin, Layers, Origins, Tracer, in_common
from repro.diff.scopes import LeftOut, Scopes

__all__ = [
    "Change",
    "Comparison",
    "FieldChange",
    "How",
    "LayerOrigin",
    "Layers",
    "LeftOut",
    "Origins",
    "Scopes",
    "Tracer",
    "compare",
    "in_common",
]
