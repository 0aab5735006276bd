"""What changed when: the manifests of a store as one line of time for each subject."""

from repro.history.model import Entry, History, Step, Subject, Timeline, Unplaced
from repro.history.points import Point, points
from repro.history.timeline import history

__all__ = [
    "Entry",
    "History",
    "Point",
    "Step",
    "Subject",
    "Timeline",
    "Unplaced",
    "history",
    "points",
]
