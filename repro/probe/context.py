"""What a collector is told besides the file system: options, environment, the image's config."""

import os

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What engines set where an image says no PATH (moby, daemon/pkg/oci/defaults.go)."""


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


def pairs(lines):
    """{name: value} of lines NAME=VALUE; whatever else an image's config holds there is left."""
    texts = [line for line in lines if isinstance(line, str)] if isinstance(lines, list) else []
    split = (line.partition("=") for line in texts)
    return {name: value for name, equals, value in split if name and equals}


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
        """The image's config as engines have it: Entrypoint, Cmd, Env (a list), Labels, User,
        WorkingDir; whatever stands there."""
        self.given = options.get("env")
        """Variables that the user set for the run, as NAME=VALUE."""
        self.timeout = options.get("timeout", 120)
        """Seconds that the whole probe may take."""
        self.entry_only = options.get("entry_only", False)
        """Only the environment of `executable` is read: for `local` and `python:PATH`."""
        self.executable = options.get("executable")
        self.running = options.get("running", False)
        """Whether the target is at work: its main processes are looked at, not only our own."""
        process = os.environ if environ is None and self.live else environ
        self.environ = dict(process or {}) if self.live else {}
        """Variables of the process; none where there is no process."""
        self.environments = []
        """Filled by `environments.discover` before the collectors run."""

    @property
    def command(self):
        """The words that the image starts with, entry point first."""
        given = [self.image.get(key) for key in ("Entrypoint", "Cmd")]
        lists = [[value] if isinstance(value, str) else value for value in given]
        lists = [value for value in lists if isinstance(value, list)]
        return [word for value in lists for word in value if isinstance(word, str)]

    @property
    def _declared(self):
        return bool(self.image) or not self.live

    @property
    def variables(self):
        """The variables that decide where files are looked for.

        An image's are those that it declares and those that the user sets, so that a run finds
        in its files what reading finds; without an image (`local`) they are the process's own.
        """
        if self._declared:
            return dict({"PATH": PATH}, **dict(pairs(self.image.get("Env")), **pairs(self.given)))
        return self.environ

    def home(self, files):
        """The home folder of the user: of the image's, as its /etc/passwd says it (passwd(5))."""
        said = self.variables.get("HOME")
        if said or not self._declared:
            return said or "/root"
        user = str(self.image.get("User") or "0").partition(":")[0]
        try:
            lines = files.text("/etc/passwd", 1 << 20).splitlines()
        except OSError:
            lines = []
        for fields in (line.split(":") for line in lines):
            if len(fields) == 7 and user in (fields[0], fields[2]):
                return fields[5] or "/"
        return "/root" if user in ("0", "root") else "/"

    def place(self, files, text):
        """A path as the target's processes would take it: `~`, and relative to where they work."""
        if text.startswith("~/") or text == "~":
            return self.home(files) + text[1:]
        folder = self.image.get("WorkingDir") if self._declared else os.getcwd()
        return os.path.normpath(os.path.join("/", folder if isinstance(folder, str) else "", text))

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
