"""What the HTML report costs: to write, in bytes, and in a browser until something is seen."""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from repro.report import html
from repro.rules.finding import Basis, Impact, Status
from tests.report import cases
from tests.report.browser import launched

if TYPE_CHECKING:
    from repro.verdict import Verdict

ROUNDS = 5
WRITE = """
import resource, sys, time
from benchmarks.pages import verdict
found = verdict(int(sys.argv[1]))
from repro.report import html
start = time.perf_counter()
html.render(found)
spent = time.perf_counter() - start
print(spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
SEEN = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
SEARCH = """() => new Promise((done) => {
  const start = performance.now();
  const query = document.querySelector("#query");
  query.value = "package-04";
  query.dispatchEvent(new Event("input"));
  const look = () => document.querySelector("#shown").textContent.includes(" of ")
    ? requestAnimationFrame(() => done(performance.now() - start)) : requestAnimationFrame(look);
  look();
})"""
SCROLL = """() => new Promise((done) => {
  const gaps = [];
  let last = performance.now(), left = 60;
  const step = () => {
    const now = performance.now();
    gaps.push(now - last); last = now;
    scrollBy(0, 900);
    left -= 1;
    left ? requestAnimationFrame(step) : done(Math.max(...gaps));
  };
  requestAnimationFrame(step);
})"""


def verdict(count: int) -> Verdict:
    """Findings each with a reason and advice of its own, of which half have no effect."""
    impacts = list(Impact)
    found = [
        cases.finding(
            f"package-{n:05}",
            code=f"PKG{n % 900:03}",
            title="The release computes it in another way",
            status=Status.DIVERGENT if n % 2 else Status.EQUIVALENT,
            impact=impacts[n % 5] if n % 2 else Impact.NONE,
            basis=Basis.DOCUMENTED,
            why=f"Release {n} sums in another order, and a near-tie can then fall the other way.",
            advice=f"Pin package-{n:05} to one version on both sides.",
            sources=(f"https://example.org/package-{n:05}/releases/tag/v0.20.0",),
        )
        for n in range(count)
    ]
    return cases.verdict(Status.DIVERGENT, found)


def main() -> None:
    """Print a Markdown table."""
    print("| findings | bytes | written in | memory | first seen | searched | longest frame |")
    print("|---|---|---|---|---|---|---|")
    for count in (1_000, 10_000):
        _row(count)


def _row(count: int) -> None:
    text = html.render(verdict(count))
    written = [_written(count) for _ in range(ROUNDS)]
    seconds = statistics.median(each[0] for each in written)
    memory = max(each[1] for each in written)
    seen, searched, frame = _looked_at(text)
    print(
        f"| {count:,} | {len(text.encode()) / 1e6:.2f} MB | {seconds:.2f} s | {memory:.0f} MiB "
        f"| {seen:.0f} ms | {searched:.0f} ms | {frame:.0f} ms |"
    )


def _written(count: int) -> list[float]:
    command = [sys.executable, "-c", WRITE, str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(number) for number in done.stdout.split()]


def _looked_at(text: str) -> tuple[float, float, float]:
    """Return the medians of milliseconds until something is seen, to search, and of a frame."""
    rounds = []
    path = Path("/tmp/repro-bench-page.html")  # noqa: S108 - of this run alone
    path.write_text(text, encoding="utf-8")
    with launched() as browser:
        for _ in range(ROUNDS):
            page = browser.new_page(viewport={"width": 1180, "height": 900})
            page.goto(path.as_uri())
            page.wait_for_timeout(300)
            told = (page.evaluate(SEEN), page.evaluate(SCROLL), page.evaluate(SEARCH))
            rounds.append((told[0], told[2], told[1]))
            page.close()
    path.unlink()
    first, second, third = zip(*rounds, strict=True)
    return statistics.median(first), statistics.median(second), statistics.median(third)


if __name__ == "__main__":
    main()
