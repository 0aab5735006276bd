"""Runs canaries in children of the target's interpreters, within a budget of time."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time

from .. import answer
from ..facts import PROCESS, absent, component, unreadable
from . import orphans, said
from .work import MARK

KIND = "canary"
AT_ONCE = 2
"""Children at work together: a framework may take a gigabyte, and needs cores to be fast."""
VARIABLES = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONIOENCODING": "utf-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
}
"""Nothing is fetched, nothing is written, threads that wait leave the cores to whoever works there;
none of them moves a result."""
CHILD = r"""
import json, sys
told = json.loads(sys.stdin.buffer.read().decode())
exec(told["loader"], {"S": told["sources"], "sys": sys})
from repro_probe.canary.work import main
main(told)
"""
STARTING = threading.Lock()
"""Held while a child is started; for good once all of them are to end."""


def main():
    """Answer with one fact a canary; the sources that this was packed from go on to children."""
    orphans.adopt()
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, _stop)
    try:
        _answer()
    finally:
        STARTING.acquire()
        orphans.end()


def _stop(number, frame):
    raise SystemExit(128 + number)


def _answer():
    options = json.loads(sys.argv[1])
    carried = sys.modules["__main__"].__dict__
    sources = {"sources": carried["S"], "loader": carried["LOADER"], "full": options.get("full")}
    budget = int(options.get("budget", 60))
    signal.alarm(budget + 30)  # The last guard, where nobody outside can stop us.
    answer.give({"facts": collect(options, sources, budget)}, options.get("nonce", ""))


def collect(options, sources, budget):
    """The facts of all groups: {python, environment, seconds, jobs: [{name, canary, ...}]}."""
    free = threading.Semaphore(AT_ONCE)
    end = time.time() + budget
    tally = Tally(sum(len(group["jobs"]) for group in options["groups"]))
    groups = [Group(group, sources, budget, end, free, tally) for group in options["groups"]]
    for group in groups:
        group.start()
    for group in groups:
        group.join()
    return [fact for group in groups for fact in group.facts]


class Tally:
    """Says on standard error how many canaries are done, for whoever waits outside."""

    def __init__(self, total):
        self.total, self.done, self.lock = total, 0, threading.Lock()

    def __call__(self, count):
        with self.lock:
            self.done += count
            sys.stderr.write("@repro-at %d %d\n" % (self.done, self.total))
            sys.stderr.flush()


class Group(threading.Thread):
    """Jobs that share one child, so that what they need is imported once."""

    def __init__(self, told, sources, budget, end, free, tally):
        super().__init__(daemon=True)
        self.told, self.sources, self.budget, self.end, self.free = told, sources, budget, end, free
        self.tally, self.facts = tally, []

    def run(self):
        """One child after another until each job has answered, or has ended its child."""
        left = list(enumerate(self.told["jobs"]))
        with self.free:
            while left:
                if self.end - time.time() < 1:
                    self.facts += [self._over(job) for _, job in left]
                    return
                done = self._child(left)
                left = [pair for pair in left if pair[0] not in done]

    def _child(self, left):
        """Run a child until it ends or a job takes too long; return the jobs that it settled."""
        try:
            child = Child(self.told["python"], dict(self.sources, jobs=left))
        except OSError as error:
            why = "cannot start %s: %s" % (self.told["python"], error.strerror)
            self.facts += [unreadable(PROCESS, KIND, job["name"], why) for _, job in left]
            return {index for index, _ in left}
        jobs, done, current = dict(left), set(), left[0][0]
        while True:
            limit = min(self.end - time.time(), self.told["seconds"])
            line = child.next(limit)
            if line is None or line[0] == "done":
                break
            how, current, value = line
            if how != "begin" and current not in done:
                done.add(current)
                self.facts.append(self._fact(jobs[current], how, value))
                self.tally(1)
        reason = child.ended()
        if len(done) < len(left):
            current = current if current not in done else min(set(jobs) - done)
            done.add(current)
            self.facts.append(self._lost(jobs[current], reason))
            self.tally(1)
        return done

    def _fact(self, job, how, value):
        if how == "skip":
            return absent(PROCESS, KIND, job["name"], value)
        if how == "fail":
            return unreadable(PROCESS, KIND, job["name"], value)
        known = dict(job.get("about", {}), environment=self.told.get("environment"))
        known = dict(value, **known)  # What a canary is about is not for its library to say.
        return component(PROCESS, KIND, job["name"], KIND, location=job.get("location"), **known)

    def _lost(self, job, reason):
        if self.end - time.time() < 1:
            return self._over(job)
        return unreadable(PROCESS, KIND, job["name"], reason)

    def _over(self, job):
        why = "the canaries' %d s were used up (--canary-budget)" % self.budget
        how = "no answer" if "command" in job else "not run"  # A user's own is missed.
        return unreadable(PROCESS, KIND, job["name"], "%s: %s" % (how, why))


class Child:
    """A child at work, whose answers are taken as they come."""

    def __init__(self, python, told):
        with STARTING:
            self.process = subprocess.Popen(
                [python, "-B", "-c", CHILD],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(os.environ, **VARIABLES),
                start_new_session=True,
            )
        self.lines, self.tail, self.late, self.wrong = queue.Queue(), b"", None, None
        self.indexes = {index for index, _ in told["jobs"]}
        self.threads = [
            threading.Thread(target=work, args=arguments, daemon=True)
            for work, arguments in (
                (self._feed, (json.dumps(told).encode("ascii"),)),
                (self._read, ()),
                (self._drain, ()),
            )
        ]
        for thread in self.threads:
            thread.start()

    def next(self, seconds):
        """The next [how, index, value]; None when the child ended, or is too late."""
        try:
            return self.lines.get(timeout=max(0.1, seconds))
        except queue.Empty:
            self.late = seconds
            return None

    def ended(self):
        """Why there was no more: the child is stopped, with all that it started."""
        try:
            code = self.process.wait(5 if self.late is None and self.wrong is None else 0)
        except subprocess.TimeoutExpired:
            code = None
        self._kill()
        self.process.wait()
        for thread in self.threads:
            thread.join(1)  # Whom it has left behind may hold them open.
        if self.late is not None:
            return "no answer in %d s" % self.late
        if self.wrong is not None:
            return "its answer is none of a canary: %s" % self.wrong
        lines = [
            text for text in self.tail.decode("utf-8", "backslashreplace").splitlines() if text
        ]
        last = lines[-1].strip()[:300] if lines else "no message"
        return "killed by signal %d: %s" % (-code, last) if code and code < 0 else last

    def _kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except OSError:
            self.process.kill()

    def _feed(self, data):
        try:
            with self.process.stdin as stream:
                stream.write(data)
        except OSError:
            return  # It ended before it had read all: its end says why.

    def _read(self):
        mark = MARK.encode("ascii")
        for line in iter(lambda: self.process.stdout.readline(said.LONGEST), b""):
            if line.startswith(mark):
                try:
                    self.lines.put(said.answer(line[len(mark) :], self.indexes))
                except ValueError as error:
                    self.wrong = str(error)[: said.REASON]
                    break
        self.lines.put(None)

    def _drain(self):
        for data in iter(lambda: self.process.stderr.read1(1 << 16), b""):
            self.tail = (self.tail + data)[-4000:]
