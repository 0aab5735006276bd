"""What a person sees in a browser, and that nothing of an image acts there."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import date
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from hypothesis import given, settings
from playwright.sync_api import expect

from repro.diff import Origins
from repro.policy import Waiver
from repro.report import html
from repro.report.html import rendering
from repro.report.plain import HOSTILE
from repro.report.survey import html as survey_page
from repro.rules.evidence import Evidence, Outcome, Parting, Strip
from repro.rules.finding import Status
from repro.verdict import Waived
from tests.report import cases, measuring, surveys
from tests.report.browser import browser, opened, watch
from tests.report.test_terminal import verdicts

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from repro.verdict import Verdict
    from tests.report.browser import Opened, Watch

__all__ = ["browser", "opened", "watch"]

ATTACKS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "</title><svg onload=alert(1)>",
    '" autofocus onfocus=alert(1) x="',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{ 7 * 7 }} {% raw %} ${7*7} <%= 7 %>",
    "--><!--[if IE]><script>alert(1)</script>",
    "]]><![CDATA[<script>alert(1)</script>",
    "x{background:url(https://evil.example/css)} @import 'https://evil.example'",
    "<base href=https://evil.example><meta http-equiv=refresh content=0;url=https://evil.example>",
    "<iframe srcdoc='<script>alert(1)</script>'><link rel=stylesheet href=//evil.example>",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#x202e;",
    'https://evil.example/"onclick=alert(1)//',
    "\x1b[31m \u202e\u2066 \x00 \x9b ",
)
TAGS = {
    "html", "head", "meta", "title", "style", "body", "a", "svg", "defs", "pattern", "rect", "path",
    "text", "div", "p", "button", "kbd", "header", "h1", "h2", "h3", "b", "table", "thead", "tbody",
    "tr", "th", "td", "span", "code", "dl", "dt", "dd", "form", "label", "input", "output",
    "details", "summary", "fieldset", "legend", "main", "section", "article", "ul", "li", "br",
    "figure", "figcaption", "footer", "dialog", "script",
}  # fmt: skip


class Reader(HTMLParser):
    """Lists elements, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.held: dict[str, list[str]] = {}
        self.text: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._inside = tag
        self.attributes.update(name for name, _ in attrs)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside.removesuffix(tag)

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style"):
            self.held.setdefault(self._inside, []).append(data)
        else:
            self.text.append(data)


def measured_attack(attack: str) -> Evidence:
    """Every string that a canary can say is the attack."""
    parting = Parting(
        token=1, lengths=(2, 2), start=0, old=(attack,) * 2, new=(attack,) * 2, near=None
    )
    told = [
        Outcome(name=attack, text=attack, old=attack, new=attack, units=None, parting=where)
        for where in (parting, None)
    ]
    strips = (Strip(aspect=attack, cases="x."), Strip(aspect=attack, cases=".."))
    return Evidence(cases=2, changed=2, strips=strips, outcomes=tuple(told), spread=(1, 1))


def attacked(attack: str) -> Verdict:
    """Every string of a finding is the attack."""
    texts = dict.fromkeys(("old", "new", "why", "title", "advice", "code", "canary"), attack)
    layer = cases.layer(1, attack)
    origin = Origins(a=layer, b=layer)
    found = [
        cases.finding(
            attack,
            status=status,
            sources=(attack,),
            origin=origin,
            evidence=measured_attack(attack),
            **texts,
        )
        for status in Status
    ]
    side = cases.subject(attack, "a", kind=attack, image_id=attack)
    return cases.verdict(Status.DIVERGENT, found, a=side, b=side, notes=(attack,))


def shown(page: Page) -> list[str]:
    """The subjects of findings that can be seen."""
    return page.locator(".subject:visible").all_inner_texts()


@pytest.mark.parametrize("name", cases.CASES)
def test_a_page_is_made_of_known_elements_and_no_handler(name: str) -> None:
    read = Reader(html.render(cases.CASES[name]()))
    assert set(read.tags) <= TAGS
    assert not [name for name in read.attributes if name.startswith("on") or name == "style"]
    assert all(link.startswith(("https://", "http://", "#")) for link in read.links)


@settings(max_examples=60, deadline=None)
@given(verdicts())
def test_whatever_the_text_the_elements_are_ours_and_nothing_hides(verdict: Verdict) -> None:
    text = html.render(verdict)
    read = Reader(text)
    assert set(read.tags) <= TAGS
    assert not [name for name in read.attributes if name.startswith("on") or name == "style"]
    assert [read.tags.count(tag) for tag in ("script", "style", "title", "main")] == [1, 1, 1, 1]
    assert all(re.match(r"https?://[\w./~%?&=+#:,-]+$|#", link) for link in read.links)
    assert not HOSTILE.search(text.replace("\n", ""))


def test_what_a_template_does_not_look_after_is_harmless_all_the_same() -> None:
    text = rendering._environment().from_string("{{ text }}").render(text=cases.HOSTILE)
    assert not HOSTILE.search(text)
    assert "<" not in text


@pytest.mark.parametrize("name", ["divergent", "measured"])
def test_only_this_script_and_this_style_may_act(name: str) -> None:
    text = html.render(cases.CASES[name]())
    held = Reader(text).held
    for kind in ("script", "style"):
        body = "".join(held[kind])
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{kind}-src &#39;sha256-{digest}&#39;" in text
    assert "default-src &#39;none&#39;" in text
    assert "unsafe" not in text.partition("<title>")[0]


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_in_every_string_does_nothing_and_is_shown(opened: Opened, attack: str) -> None:
    page = opened(html.render(attacked(attack)))
    page.locator("summary").evaluate_all("all => all.forEach(one => one.parentNode.open = true)")
    page.mouse.move(300, 400)
    assert page.locator("script").count() == 1
    assert page.locator("iframe, img, base, link, object, embed").count() == 0
    assert not page.evaluate("[...document.links].some(link => !/^(https?|file):/.test(link.href))")
    first = page.locator(".subject").first.inner_text()
    assert first.split()[0] == HOSTILE.sub(lambda c: cases_escape(c[0]), attack).split()[0]


def cases_escape(char: str) -> str:
    """How a character that acts or hides is shown."""
    return f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}"


def test_a_script_that_got_in_would_be_refused(opened: Opened, watch: Watch) -> None:
    bare = html.render(cases.divergent())
    page = opened(bare.replace("</footer>", "</footer><script>document.title='owned'</script>"))
    assert "owned" not in page.title()
    (refused,) = watch.seen
    assert "Content Security Policy" in refused
    watch.seen.clear()


@pytest.mark.parametrize("name", cases.CASES)
@pytest.mark.parametrize(
    ("width", "scheme"), [(1180, "light"), (1180, "dark"), (360, "light"), (360, "dark")]
)
def test_nobody_is_kept_out_at_any_width(
    opened: Opened, name: str, width: int, scheme: str
) -> None:
    page = opened(html.render(cases.CASES[name]()), color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if name == "many":
        return
    page.evaluate("document.querySelectorAll('.finding').forEach(one => one.scrollIntoView())")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_the_verdict_comes_first_and_the_worst_outputs_before_others(opened: Opened) -> None:
    page = opened(html.render(cases.divergent()))
    assert page.inner_text("h1") == "Divergent"
    assert page.inner_text(".headline") == (
        "Outputs will differ: 1 finding changes tokens, 1 prompt, 1 numerics"
    )
    heads = [
        head.split("\n")[0].split(" ")[0] for head in page.locator(".group h2").all_inner_texts()
    ]
    assert heads == ["Tokens", "Prompt", "Numerics", "Bits", "On", "No"]
    block = page.locator(".finding").first.inner_text()
    for said in (
        "TOK001",
        "divergent",
        "measured",
        "0.19.1",
        "0.20.3",
        "14 of 300",
        "Pin tokenizers",
    ):
        assert said in block
    assert "https://github.com/huggingface/tokenizers/pull/1555" in block


def test_the_odd_ones_out_stand_out_among_many(opened: Opened) -> None:
    page = opened(survey_page.render(surveys.odd()))
    assert page.inner_text(".headline") == "Outputs will differ on 2 of 61 subjects"
    rows = page.locator(".matrix tbody tr").all_inner_texts()
    assert rows[0].split() == ["TOK001", "tokenizers", "0.20.3", "0.21.2", *"···"]
    assert page.locator(".matrix .odd").first.inner_text() == "0.21.2"
    colors = [
        page.locator(f".matrix {cell}").first.evaluate(
            "one => getComputedStyle(one).backgroundColor"
        )
        for cell in (".odd", ".same")
    ]
    assert colors[0] != colors[1]
    page.fill("#query", "tf32")
    expect(page.locator(".finding:visible .subject")).to_have_text(["NVIDIA_TF32_OVERRIDE"])
    page.click(".matrix thead a")
    assert page.input_value("#query") == "tf32", "a place on the page changes no choice"


@pytest.mark.parametrize("name", ["odd", "grouped", "hostile", "many", "nothing"])
@pytest.mark.parametrize(("width", "scheme"), [(1180, "light"), (360, "dark")])
def test_a_page_of_many_keeps_nobody_out_and_does_nothing(
    opened: Opened, name: str, width: int, scheme: str
) -> None:
    text = survey_page.render(getattr(surveys, name)())
    assert set(Reader(text).tags) <= TAGS | {"ol"}
    page = opened(text, color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if name != "many":
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_search_and_filters_are_in_the_address_and_survive_a_reload(opened: Opened) -> None:
    page = opened(html.render(cases.divergent()))
    page.fill("#query", "cublas")
    expect(page).to_have_url(re.compile("#q=cublas$"))
    assert shown(page) == ["NVIDIA_TF32_OVERRIDE", "cublas (loaded)"], "a source says cublas too"
    page.click("[data-facet=impact][data-value=bits]")
    assert page.evaluate("location.hash") == "#q=cublas&impact=bits"
    page.reload()
    assert shown(page) == ["cublas (loaded)"]
    assert page.input_value("#query") == "cublas"
    assert page.get_attribute("[data-facet=impact][data-value=bits]", "aria-pressed") == "true"
    assert page.inner_text("#shown") == "1 of 16"
    page.click("#clear")
    assert page.evaluate("location.hash") == ""
    assert page.inner_text("#shown") == "16 shown"


def test_an_address_with_nonsense_shows_all(opened: Opened) -> None:
    page = opened(html.render(cases.divergent()), "#impact=<img>,nothing&status=&at=%22%3E&x=%")
    assert page.inner_text("#shown") == "16 shown"


def test_what_is_looked_for_is_found_in_what_is_folded(opened: Opened) -> None:
    page = opened(html.render(cases.divergent()))
    assert "tqdm" not in shown(page)
    page.fill("#query", "tqdm")
    page.wait_for_selector(".subject:visible:text('tqdm')")
    page.fill("#query", "no such thing")
    page.wait_for_selector("#none:visible")


def test_waivers_unread_facts_and_shared_faults_have_their_places(opened: Opened) -> None:
    waiver = Waiver(
        code="TOK001",
        subject="*",
        owner="ml-platform",
        reason="compared on the <evaluation> set",
        expires=date(2027, 1, 31),
    )
    waived = (Waived(finding=cases.finding(), waiver=waiver),)
    found = [*cases.indeterminate().findings, *cases.on_both_sides().findings]
    page = opened(
        html.render(cases.verdict(Status.INDETERMINATE, found, waived=waived, notes=("a note",)))
    )
    assert "compared on the <evaluation> set ml-platform, until 2027-01-31" in page.inner_text(
        ".waived"
    )
    assert "nvmlInit answered 999" in page.inner_text("#s-unreadable")
    assert "Two copies of cuDNN" in page.inner_text("#s-shared")
    assert "a note" in page.inner_text(".about")


def test_a_layer_shows_what_it_brought(opened: Opened) -> None:
    page = opened(html.render(cases.static()))
    page.click("[data-facet=layer][data-value=B4]")
    assert shown(page) == ["tokenizers", "tqdm", "rich"]
    assert page.evaluate("location.hash") == "#layer=B4"


def test_keys_go_from_finding_to_finding(opened: Opened) -> None:
    page = opened(html.render(cases.divergent()))
    at = ".finding.at .subject"
    for key, subject in (
        ("j", "tokenizers"),
        ("j", "chat_template (Qwen2.5-7B-Instruct)"),
        ("k", "tokenizers"),
    ):
        page.keyboard.press(key)
        assert page.inner_text(at) == subject
    where = page.evaluate("location.hash")
    assert where.startswith("#at=f-")
    page.reload()
    assert page.inner_text(at) == "tokenizers"
    page.keyboard.press("/")
    page.keyboard.type("j?t")
    assert page.input_value("#query") == "j?t"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()


def test_light_and_dark_follow_the_system_until_somebody_chooses(opened: Opened) -> None:
    page = opened(html.render(cases.divergent()), color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.keyboard.press("t")
    light = page.evaluate(paper)
    assert dark != light
    page.reload()
    assert page.evaluate(paper) == light


def test_pictures_show_which_cases_changed_how_far_and_where_texts_part(opened: Opened) -> None:
    page = opened(html.render(measuring.measured()))
    labels = page.locator("svg[role=img]").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert "14 of 394 cases changed in ids" in labels
    assert "7 of 394 cases changed in decoded" in labels
    assert "Parts at token 12 of 48" in labels
    assert "near-tie" in page.inner_text(".evidence >> nth=0")
    hits = page.locator("svg[aria-label='14 of 394 cases changed in ids'] path.hit").get_attribute(
        "d"
    )
    assert (hits or "").count("M") == 14
    bars = page.locator("svg.bars").last.locator("rect.hit")
    assert bars.count() > 2
    boxes = [box for bar in bars.all() if (box := bar.bounding_box())]
    assert all(box["height"] > 0 and box["width"] > 0 for box in boxes)


def test_a_printed_page_has_no_tools_and_all_findings(opened: Opened) -> None:
    page = opened(html.render(cases.divergent()), media="print", color_scheme="dark")
    assert not page.locator("#search").is_visible()
    assert not page.locator(".tools").is_visible()
    assert page.locator(".finding:visible").count() == page.locator(".finding").count()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(253, 253, 251)"


def test_without_scripts_all_is_there_and_nothing_is_offered_that_does_not_work(
    opened: Opened,
) -> None:
    text = html.render(cases.divergent())
    page = opened(re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL))
    assert page.locator(".finding:visible").count() == page.locator(".finding").count()
    assert not page.locator("#search, #facets, .tools").first.is_visible()


def test_ten_thousand_findings_are_searched(opened: Opened) -> None:
    found = [
        cases.finding(f"package-{n:05}", code=f"PKG{n % 900:03}", why=f"It matters because {n}.")
        for n in range(10_000)
    ]
    page = opened(html.render(cases.verdict(Status.DIVERGENT, found)))
    page.fill("#query", "package-04711")
    expect(page.locator("#shown")).to_have_text("1 of 10,000")
    assert shown(page) == ["package-04711"]
