"use strict";
(() => {
  const $ = (query, within = document) => within.querySelector(query);
  const $$ = (query, within = document) => [...within.querySelectorAll(query)];
  const root = document.documentElement;

  // The choice of light or dark outlives the page where the browser keeps anything for a file.
  const kept = { get: () => { try { return localStorage.getItem("repro-theme"); } catch { return null; } },
    set: (theme) => { try { localStorage.setItem("repro-theme", theme); } catch { /* for this visit alone */ } } };
  const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const theme = () => { root.dataset.theme = dark() ? "light" : "dark"; kept.set(root.dataset.theme); };
  if (["light", "dark"].includes(kept.get())) root.dataset.theme = kept.get();

  const form = $("#search");
  const query = $("#query");
  const blocks = form ? $$("[data-status]").map(read) : [];
  const chips = $$("[data-facet]");
  const folds = $$(".fold");
  const total = blocks.reduce((sum, block) => sum + block.rows.length, 0);
  const state = { q: "", at: "", facets: {} };

  function read(element) {
    const rows = $$("[data-row]", element).map((row) => ({ element: row, layer: row.dataset.row, text: null }));
    return { element, rows, text: null, facts: element.dataset };
  }

  // Texts are gathered when somebody searches, so that opening a large page costs nothing.
  function texts(block) {
    if (block.text !== null) return;
    if (block.rows.length === 1) {
      block.rows[0].text = block.element.textContent.toLowerCase();
      block.text = "";
      return;
    }
    for (const row of block.rows) row.text = row.element.textContent.toLowerCase();
    const list = $(".rows", block.element);
    const parts = [];
    const walker = document.createTreeWalker(block.element, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) if (!list.contains(walker.currentNode)) parts.push(walker.currentNode.data);
    block.text = parts.join(" ").toLowerCase();
  }

  function wanted(block) {
    return ["status", "impact", "basis"].every((name) => !state.facets[name]?.size || state.facets[name].has(block.facts[name]));
  }

  function show() {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const layers = state.facets.layer;
    let count = 0;
    for (const block of blocks) {
      let some = false;
      const fits = wanted(block);
      if (words.length && fits) texts(block);
      for (const row of block.rows) {
        const seen = fits && (!layers?.size || layers.has(row.layer)) &&
          words.every((word) => row.text.includes(word) || block.text.includes(word));
        if (row.element.hidden === seen) row.element.hidden = !seen;
        if (seen) { count += 1; some = true; }
      }
      if (block.element.hidden === some) block.element.hidden = !some;
    }
    const chosen = words.length > 0 || Object.values(state.facets).some((values) => values.size);
    for (const section of $$(".group:not(.apart)")) section.hidden = !$("[data-status]:not([hidden])", section);
    for (const fold of folds) if (chosen !== fold.dataset.chosen?.length > 0) { fold.open = chosen; fold.dataset.chosen = chosen ? "y" : ""; }
    for (const chip of chips) chip.setAttribute("aria-pressed", String(Boolean(state.facets[chip.dataset.facet]?.has(chip.dataset.value))));
    $("#shown").textContent = chosen ? `${count.toLocaleString("en")} of ${total.toLocaleString("en")}` : `${total.toLocaleString("en")} shown`;
    $("#clear").hidden = !chosen;
    $("#none").hidden = count > 0;
  }

  function address() {
    const found = new URLSearchParams();
    if (state.q) found.set("q", state.q);
    for (const [name, values] of Object.entries(state.facets)) if (values.size) found.set(name, [...values].sort().join(","));
    if (state.at) found.set("at", state.at);
    const hash = found.toString();
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  }

  function restore() {
    const found = new URLSearchParams(location.hash.slice(1));
    state.q = found.get("q") ?? "";
    state.at = found.get("at") ?? "";
    state.facets = {};
    for (const chip of chips) state.facets[chip.dataset.facet] ??= new Set();
    for (const [name, values] of Object.entries(state.facets)) {
      const known = new Set(chips.filter((chip) => chip.dataset.facet === name).map((chip) => chip.dataset.value));
      for (const value of (found.get(name) ?? "").split(",")) if (known.has(value)) values.add(value);
    }
    query.value = state.q;
    $("#facets").open = innerWidth > 736 || Object.values(state.facets).some((values) => values.size);
    show();
    const row = state.at && document.getElementById(state.at);
    if (row) stand(row.closest(".finding"));
  }

  function change() { show(); address(); }

  function toggle(chip) {
    const values = state.facets[chip.dataset.facet];
    if (!values.delete(chip.dataset.value)) values.add(chip.dataset.value);
    change();
  }

  function clear() {
    state.q = query.value = "";
    for (const values of Object.values(state.facets)) values.clear();
    change();
  }

  function stand(finding) {
    for (const other of $$(".finding.at")) other.classList.remove("at");
    if (!finding) return;
    finding.classList.add("at");
    finding.focus({ preventScroll: true });
    finding.scrollIntoView({ block: "start" });
  }

  function step(by) {
    const seen = $$(".finding:not([hidden])");
    const now = seen.indexOf($(".finding.at"));
    const next = seen[Math.min(Math.max(now + by, 0), seen.length - 1)];
    if (!next) return;
    stand(next);
    state.at = $("[data-row]:not([hidden])", next)?.id ?? "";
    address();
  }

  function fold() {
    const found = $$(".finding.at details");
    const open = found.some((each) => !each.open);
    for (const each of found) each.open = open;
  }

  const keys = {
    j: () => step(1), k: () => step(-1), o: fold, t: theme,
    "/": () => query?.focus(), "?": () => $("#keys").showModal(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("#keys").open) return;
    const typing = event.target.closest("input");
    if (event.key === "Escape" && form) {
      if (typing) typing.blur(); else clear();
      event.preventDefault();
    } else if (!typing && Object.hasOwn(keys, event.key)) {
      event.preventDefault();
      keys[event.key]();
    }
  });
  $("#theme").addEventListener("click", theme);
  $("#help").addEventListener("click", keys["?"]);
  $(".tools").hidden = false;
  if (!form) return;
  form.hidden = $("#facets").hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  let waiting = 0;
  query.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { state.q = query.value.trim(); change(); }, total > 2000 ? 120 : 0);
  });
  for (const chip of chips) chip.addEventListener("click", () => toggle(chip));
  $("#clear").addEventListener("click", clear);
  // An address without a choice is a place on the page, which the browser goes to by itself.
  addEventListener("hashchange", () => { if (!location.hash || location.hash.includes("=")) restore(); });
  restore();
})();
