"""What a collector is told besides the file system: options, environment, the image's config."""

import os


class Environment:
    """One Python environment: a prefix with the directories that hold its distributions."""

    def __init__(self, prefix, version, executables, sites, base=None, entry=False, kind="system"):
        self.prefix = prefix
        """Such as /usr or /opt/venv; the environment's name in a manifest."""
        self.version = version
        """MAJOR.MINOR, or more where a file says more."""
        self.executables = executables
        """Paths of its interpreters, the one to run first."""
        self.sites = sites
        """Directories that hold distributions, in the order of the import path."""
        self.base = base
        self.entry = entry
        """Whether the entry point of the target runs in it."""
        self.kind = kind
        """`system`, `venv` or `conda`."""


class Context:
    """Options from the caller, checked and with defaults."""

    def __init__(self, options=None, environ=None):
        options = options or {}
        self.live = options.get("live", True)
        """False when files come from layers: nothing can be called or loaded."""
        self.frameworks = options.get("frameworks", True)
        """Whether frameworks are imported to ask them about themselves."""
        self.paths = list(options.get("paths", ()))
        """Paths that the user named: where tokenizers and models may be."""
        self.image = options.get("image") or {}
        """The image's config as engines have it: Entrypoint, Cmd, Env (a list), Labels."""
        self.timeout = options.get("timeout", 120)
        """Seconds that the whole probe may take."""
        self.entry_only = options.get("entry_only", False)
        """Only the environment of `executable` is read: for `local` and `python:PATH`."""
        self.executable = options.get("executable")
        self.running = options.get("running", False)
        """Whether the target is at work: its main processes are looked at, not only our own."""
        self.environ = dict(os.environ if environ is None else environ)
        self.environments = []
        """Filled by `environments.discover` before the collectors run."""

    @property
    def sites(self):
        """All distribution directories of all environments, each once, in order."""
        seen = []
        for environment in self.environments:
            seen += [site for site in environment.sites if site not in seen]
        return seen

    @property
    def entry(self):
        """The environment that the entry point uses, else the first; None without Python."""
        chosen = [environment for environment in self.environments if environment.entry]
        return (chosen or self.environments or [None])[0]
