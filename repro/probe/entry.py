"""Finds the interpreter that an image's entry point runs."""

import os
import re
import shlex

NAME = re.compile(r"(?:python|pypy)(?:3(?:\.\d+)?)?$")


def find(files, command, path):
    """The interpreter that the image's command runs, by its name or its script's first line."""
    for word in _words(command)[:16]:
        program = which(files, word, path)
        if program is None:
            continue
        if NAME.match(os.path.basename(program)):
            return program
        interpreter = _shebang(files, program, path)
        if interpreter:
            return interpreter
    return None


def _words(command):
    """Words of a command; those of `sh -c "..."` are taken out of their string."""
    words = []
    for word in command:
        try:
            words += shlex.split(word) if " " in word else [word]
        except ValueError:
            words.append(word)
    return words


def which(files, word, path):
    """Where a word of a command leads by the directories of the PATH; None where it does not."""
    if word.startswith("/"):
        return word if files.is_file(word) else None
    if "/" in word or word.startswith("-"):
        return None
    for directory in path:
        candidate = os.path.join(directory, word)
        if files.is_file(candidate):
            return candidate
    return None


def _shebang(files, program, path):
    try:
        head = files.part(program, 0, 256)
    except OSError:
        return None
    if not head.startswith(b"#!"):
        return None
    parts = head[2:].split(b"\n", 1)[0].decode("utf-8", "replace").split()
    if parts and os.path.basename(parts[0]) == "env":
        parts = [part for part in parts[1:] if not part.startswith("-") and "=" not in part]
    if not parts or not NAME.match(os.path.basename(parts[0])):
        return None
    return which(files, parts[0], path)
