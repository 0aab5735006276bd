"""Finds revisions of models in a Hugging Face cache: what `main` means here."""

import os

from . import facts, search, values

KIND = "model.revision"


def collect(files, context):
    """Yield one component a repository, with the commit that `main` points to as version."""
    survey = search.survey(files, context)
    for cache in survey.caches:
        for name, path in search.repositories(files, cache):
            try:
                yield _repository(files, name, path)
            except OSError as error:
                label, why = values.text(name), values.reason(error)
                yield facts.unreadable(facts.IMAGE, KIND, label, why)
    if not survey.caches:
        reason = "no Hugging Face cache with models in it"
        yield facts.absent(facts.IMAGE, KIND, "any", reason)


def _repository(files, name, path):
    refs = _refs(files, os.path.join(path, "refs"))
    commits = files.names(os.path.join(path, "snapshots"))
    main = refs.get("main") or (commits[0] if len(commits) == 1 else None)
    blobs = _blobs(files, os.path.join(path, "snapshots", main)) if main in commits else None
    return facts.component(
        facts.IMAGE,
        KIND,
        values.text(name),
        "refs" if "main" in refs else "snapshots",
        main,
        values.text(path),
        refs=refs,
        snapshots=[values.text(commit) for commit in commits],
        missing=True if main and main not in commits else None,
        files=blobs,
    )


def _refs(files, top):
    """{branch, tag or refs/pr/N: commit}; the files are nested for names with a slash."""
    refs = {}
    for folder, _, names in files.walk(top, 3):
        for name in names:
            path = os.path.join(folder, name)
            refs[values.text(path[len(top) + 1 :])] = values.text(files.text(path, 4096).strip())
    return refs


def _blobs(files, top):
    """{path in the snapshot: blob}; a file that is no link has its size for an identity."""
    blobs = {}
    for folder, _, names in files.walk(top, 4):
        for name in names:
            path = os.path.join(folder, name)
            if files.is_link(path):
                known = "blob:" + os.path.basename(files.link(path))
            else:
                known = "size:%d" % files.size(path)
            blobs[values.text(path[len(top) + 1 :])] = values.text(known)
    return blobs
