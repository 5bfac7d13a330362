"use strict";

// The theme that the person has chosen here, before anything is drawn.
const root = document.documentElement;
function remembered() {
  try { return localStorage.getItem("theme"); } catch { return null; }
}
function remember(theme) {
  try { localStorage.setItem("theme", theme); } catch { /* it lasts as long as the page */ }
}
if (remembered()) root.dataset.theme = remembered();

document.addEventListener("DOMContentLoaded", () => {
  themeButton(document.querySelector(".theme"));
  copyButtons();
  scrollers();
  search(document.querySelector(".search"));
});

function themeButton(button) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
  const show = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    remember(root.dataset.theme);
    show();
  });
  dark.addEventListener("change", show);
  show();
  button.hidden = false;
}

// What is copied from a block with prompts is what was typed.
function copyButtons() {
  if (!navigator.clipboard) return;
  const status = document.querySelector("[role=status]");
  for (const block of document.querySelectorAll(".code")) {
    const code = block.querySelector("code");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const typed = [...code.querySelectorAll("b")].map((b) => b.textContent);
      const done = navigator.clipboard.writeText(typed.length ? typed.join("\n") : code.textContent);
      button.textContent = status.textContent = await done.then(() => "Copied", () => "Not copied");
      setTimeout(() => { button.textContent = "Copy"; status.textContent = ""; }, 2000);
    });
    block.append(button);
  }
}

let searchIndex; // called by search-index.js

// A table that scrolls can be reached by keyboard, and has the name of its part of the page.
function scrollers() {
  const name = (table) => [...document.querySelectorAll("h1, h2, h3")]
    .findLast((h) => h.compareDocumentPosition(table) & Node.DOCUMENT_POSITION_FOLLOWING).textContent;
  const sizes = new ResizeObserver((all) => all.forEach(({ target: table }) => {
    const attributes = table.scrollWidth > table.clientWidth ?
      { tabindex: "0", role: "region", "aria-label": name(table) } : { tabindex: null, role: null, "aria-label": null };
    for (const [key, value] of Object.entries(attributes)) {
      if (value === null) table.removeAttribute(key); else table.setAttribute(key, value);
    }
  }));
  document.querySelectorAll(".table").forEach((table) => sizes.observe(table));
}

function search(form) {
  const input = form.querySelector("input"), found = form.querySelector(".found"), status = form.querySelector("[role=status]");
  let parts = null;
  const load = () => {
    if (searchIndex) return;
    searchIndex = (all) => {
      parts = all.map((p) => ({ ...p, page: p.p.toLowerCase(), title: (p.t || "").toLowerCase(), text: p.x.toLowerCase() }));
      show();
    };
    const script = document.createElement("script");
    script.src = "search-index.js";
    document.head.append(script);
  };
  const score = (p, words) => {
    let total = 0;
    for (const word of words) {
      const points = (p.title.includes(word) ? 8 : 0) + (p.page.includes(word) ? 4 : 0) + (p.text.includes(word) ? 1 : 0);
      if (!points) return 0;
      total += points;
    }
    const phrase = words.join(" ");
    return total + (p.title.includes(phrase) ? 20 : 0) + (p.text.includes(phrase) ? 5 : 0);
  };
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    found.hidden = !words.length || !parts;
    if (found.hidden) { status.textContent = ""; return; }
    const hits = parts.map((p) => [score(p, words), p]).filter(([n]) => n).sort((a, b) => b[0] - a[0]).slice(0, 12);
    found.replaceChildren(hits.length ? list(hits, words) : message("Nothing found."));
    status.textContent = hits.length === 1 ? "1 result" : hits.length + " results";
  };
  for (const event of ["focus", "input"]) input.addEventListener(event, () => { load(); show(); });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    found.querySelector("a")?.click();
  });
  form.addEventListener("keydown", (event) => {
    const links = [...found.querySelectorAll("a")], at = links.indexOf(document.activeElement);
    if (event.key === "Escape") { input.value = ""; show(); input.focus(); }
    if (event.key === "ArrowDown" && links[at + 1]) { links[at + 1].focus(); event.preventDefault(); }
    if (event.key === "ArrowUp" && at >= 0) { (links[at - 1] || input).focus(); event.preventDefault(); }
  });
  for (const event of ["click", "focusin"]) {
    document.addEventListener(event, ({ target }) => { if (!form.contains(target)) found.hidden = true; });
  }
  found.addEventListener("click", () => { found.hidden = true; });
  form.hidden = false;
}

function message(text) {
  const p = document.createElement("p");
  p.textContent = text;
  return p;
}

function list(hits, words) {
  const ul = document.createElement("ul");
  for (const [, p] of hits) {
    const item = document.createElement("li"), link = document.createElement("a"), about = document.createElement("small");
    link.href = p.u;
    link.textContent = p.t ? p.t : p.p;
    about.textContent = (p.t ? p.p + ": " : "") + excerpt(p, words);
    link.append(about);
    item.append(link);
    ul.append(item);
  }
  return ul;
}

function excerpt(p, words) {
  const at = Math.max(0, ...words.map((word) => p.text.indexOf(word)));
  const from = Math.max(0, p.x.lastIndexOf(" ", Math.max(0, at - 50)));
  return (from ? "… " : "") + p.x.slice(from, from + 140).trim() + (from + 140 < p.x.length ? " …" : "");
}
