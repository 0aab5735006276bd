"""Loads a tokenizer with transformers, and never runs what comes with a model."""

import contextlib
import os
import pickle

from . import found
from .record import Declined

LAST = {}
"""The tokenizer that was loaded last: the canaries of one folder come one after another."""


def tokenizer(job, fast=True):
    """The tokenizer of a job's folder, as AutoTokenizer has it without any remote code."""
    key = (job["path"], fast)
    if key not in LAST:
        LAST.clear()
        LAST[key] = _load(job, fast)
    return LAST[key]


def _load(job, fast):
    from transformers import AutoTokenizer

    for name in job["files"]:
        found.checked(os.path.join(job["path"], name))
    try:
        with _no_pickles():
            return AutoTokenizer.from_pretrained(
                job["path"], use_fast=fast, trust_remote_code=False, local_files_only=True
            )
    except ValueError as error:
        if "trust_remote_code" in str(error):  # Its advice, in every release since 4.10.
            raise Declined("it needs code that comes with the model, which is not run") from None
        raise


@contextlib.contextmanager
def _no_pickles():
    """A pickle runs code; some tokenizers' classes (TransfoXL) load their vocabulary from one."""
    names = ("load", "loads", "Unpickler")
    kept = {name: getattr(pickle, name) for name in names}
    for name in names:
        setattr(pickle, name, _refuse)
    try:
        yield
    finally:
        for name in names:
            setattr(pickle, name, kept[name])


def _refuse(*arguments, **options):
    raise ValueError("a pickle is not loaded")
