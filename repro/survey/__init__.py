"""The verdict on many subjects: each against the one that it should be like."""

from repro.survey.model import Baseline, Cluster, Group, Row, Shown, Survey, Unjudged
from repro.survey.surveying import survey

__all__ = ["Baseline", "Cluster", "Group", "Row", "Shown", "Survey", "Unjudged", "survey"]
