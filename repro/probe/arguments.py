"""Finds the serving arguments that move outputs, on the command line of the target."""

import re
import shlex
import string

from . import facts, flags, values

MAIN = "/proc/1/cmdline"
"""The command line of a container's main process; proc(5)."""

OPERATORS = ";&|()<>\n"
"""What ends a simple command or a word of it (POSIX shell grammar)."""

WRAPPERS = frozenset(("tini", "docker-init", "dumb-init", "catatonit", "numactl", "nice", "stdbuf"))
"""Programs that start another, whose words follow `--`."""

MOST = 4096
"""Words of one command line; a longer one is refused."""

SHELLS = frozenset(("sh", "bash", "dash", "ash", "zsh", "ksh"))

SUBCOMMANDS = frozenset(
    """
api_server chat launch launch_server launcher llm router run serve server standalone start worker
""".split()  # noqa: SIM905 - words read better than a list.
)
"""Words that servers take as subcommand; another bare word may be anything, a password too."""

WORD = re.compile(r"[A-Za-z0-9_./@+][A-Za-z0-9_./:@+-]{0,511}")
"""What a path, a module or a model id consists of."""

NUMBER = re.compile(r"-\.?\d")
"""A value that begins like a flag."""


def collect(files, context):
    """Yield the command and its arguments: as the image declares them, and as they run."""
    declared = context.command
    if declared:
        for fact in _arguments(facts.IMAGE, declared, "image config"):
            yield fact
    if context.live and context.running:
        try:
            words = files.text(MAIN, 2 << 20).rstrip("\0").split("\0")
        except OSError as error:
            why = values.reason(error)
            yield facts.unreadable(facts.PROCESS, "command", "command", "%s: %s" % (MAIN, why))
            return
        for fact in _arguments(facts.PROCESS, words, MAIN):
            yield fact


def _arguments(scope, words, source):
    try:
        command, given = parse(words)
    except ValueError as error:
        yield facts.unreadable(scope, "command", "command", str(error))
        return
    yield facts.component(scope, "command", "command", source, words=command)
    for name in sorted(given):
        yield facts.component(scope, "argument", values.text(name), source, value=given[name])


def parse(words):
    """Split a command line into (leading words, {--flag: value or None}).

    Only flags in `flags.VALUED` have a value. ValueError where a shell script hides the words.
    """
    if len(words) > MOST:
        raise ValueError("more than %d words" % MOST)
    command, rest = _leading(_unwrapped(list(words)))
    given = {}
    while rest:
        word = rest.pop(0)
        if not _is_flag(word):
            continue
        name, equals, value = _split(word)
        if not equals:
            value = " ".join(_taken(name, rest))
        given[name] = values.public(value) if _kept(name) and (value or equals) else None
    return command, given


def _unwrapped(words):
    """The words after a wrapper, or inside `sh -c "…"` of the last command there with flags."""
    if words and _program(words[0]) in WRAPPERS and "--" in words:
        words = words[words.index("--") + 1 :]
    while words and _program(words[0]) in SHELLS:
        option = next((i for i, word in enumerate(words) if re.fullmatch(r"-[a-z]*c", word)), None)
        if option is None or option + 1 >= len(words):
            return words
        words = _script(words[option + 1])
    return words


def _script(text):
    if len(text) > 1 << 16 or "`" in text or "$(" in text:
        raise ValueError("a shell script that computes its words")
    lexer = shlex.shlex(text.replace("\\\n", " "), True, OPERATORS)
    lexer.whitespace, lexer.commenters = " \t\r", ""
    lexer.wordchars += "".join(set(string.punctuation) - set(OPERATORS + "\"'\\"))
    try:
        tokens = list(lexer)
    except ValueError as error:
        raise ValueError("a shell script that cannot be split: %s" % error) from None
    commands, comment = [[]], False
    for token in tokens:
        if set(token) <= set(OPERATORS):
            commands.append([])
            comment = comment and "\n" not in token
        elif not comment:
            comment = token.startswith("#")
            commands[-1] += [] if comment else [token]
    commands = [bare for bare in map(_bare, commands) if bare]
    flagged = [command for command in commands if any(map(_is_flag, command[1:]))]
    return (flagged or commands or [[]])[-1]


def _bare(command):
    """A simple command without `exec` and the variables set before it."""
    while command and (command[0] == "exec" or re.match(r"[A-Za-z_]\w*=", command[0])):
        command = command[1:]
    return command


def _leading(words):
    """Executable, module, subcommand and model, and what follows them."""
    command, at = [], 0
    while at < len(words):
        word = words[at]
        interpreted = command and re.fullmatch(r"python[\d.]*", _program(command[-1]))
        if interpreted and word == "-c":
            return command, []
        # Before its program Python has options of its own; `-m MODULE` names the program.
        if not interpreted and (_is_flag(word) or word == "--"):
            break
        if _sayable(word, first=not command):
            command.append(word)
        at += 1
    return command, words[at:]


def _program(word):
    return word.rsplit("/", 1)[-1]


def _sayable(word, first):
    if not WORD.fullmatch(word) or values.public(word) != word:
        return False
    return first or "/" in word or "." in word or word in SUBCOMMANDS


def _is_flag(word):
    return len(word) > 1 and word[0] == "-" and word != "--" and not NUMBER.match(word)


def _split(word):
    """(long name, "=" or "", value) of a flag; `-O3` and `-O.level` are vLLM's joined forms."""
    joined = re.fullmatch(r"(-O)([.\d].*)", word)
    if joined:
        return flags.SHORT["-O"], "=", joined.group(2)
    name, equals, value = word.partition("=")
    return flags.SHORT.get(name, name.replace("_", "-")), equals, value


def _taken(name, rest):
    """Take from `rest` the words that are values of this flag: none after a switch."""
    taken = []
    while rest and not _is_flag(rest[0]) and rest[0] != "--" and _base(name) not in flags.SWITCHES:
        taken.append(rest.pop(0))
    return taken


def _kept(name):
    return _base(name) in flags.VALUED and not values.secret(name)


def _base(name):
    """`compilation-config` of `--compilation-config.level` (vLLM's form for JSON values)."""
    return name.lstrip("-").split(".", 1)[0]
