// What makes the pages handier. Each of them works without.
"use strict";

document.documentElement.classList.add("scripted");

// Where this browser is signed in: a path that only this origin can know. Storage is separate for each port, cookies are
// not. It is kept after a sign-in here, and not when another page leads to somebody's session.
const stored = {
  get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* not allowed: then people sign in again */ } },
  drop: (key) => { try { localStorage.removeItem(key); } catch { /* nothing is there */ } },
};

function enter(form) {
  const kind = form.dataset.enters, home = stored.get(kind), next = form.elements.next?.value ?? "";
  stored.drop("enters"); // of a sign-in that failed
  form.addEventListener("submit", () => stored.set("enters", kind));
  if (new URLSearchParams(location.search).has("over")) { stored.drop(kind); return; }
  if (!/^\/ui\/[\w-]{22}\/$/.test(home) || !/^((consent|device|keys|console)?(\?.*)?)$/.test(next)) return;
  location.replace(home + (kind === "admin" ? "admin/" : next));
}

const entering = document.querySelector("form[data-enters]"), insideOf = document.body.dataset;
if (entering) enter(entering);
if (insideOf.inside && stored.get("enters") === insideOf.inside) {
  stored.set(insideOf.inside, insideOf.home);
  stored.drop("enters");
}
for (const left of document.querySelectorAll("[data-left]")) stored.drop(left.dataset.left);

// Deep links of the access portal stand behind a #, which no server sees:
// /start/#/console?account_id=…&role_name=…&destination=… and /start/#/device?user_code=…
const deepLinks = { console: ["account_id", "role_name", "destination"], device: ["user_code"] };

function followDeepLink() {
  const way = document.querySelector("a[data-home]");
  const found = way && /^#\/(console|device)\/?\?(.*)$/.exec(location.hash);
  if (!found) return;
  const asked = new URLSearchParams(found[2]), passed = new URLSearchParams();
  for (const name of deepLinks[found[1]]) if (asked.has(name)) passed.set(name, asked.get(name));
  location.replace(way.href + found[1] + "?" + passed);
}
followDeepLink();
addEventListener("hashchange", followDeepLink);

// Copy buttons appear where there is a clipboard.
if (navigator.clipboard) {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const shown = document.getElementById(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(shown.textContent);
      } catch { // not allowed: then select it for the person to copy
        getSelection().selectAllChildren(shown);
        return;
      }
      const name = button.firstChild.data;
      if (name === "Copied") return;
      button.firstChild.data = "Copied";
      document.getElementById("said").textContent = "Copied";
      setTimeout(() => { button.firstChild.data = name; document.getElementById("said").textContent = ""; }, 1600);
    });
  }
}

// The accounts: found while one types, starred without losing one's place.
const portal = document.getElementById("portal"), query = document.getElementById("q");
let latest = 0;

function summaries() {
  return [...portal.querySelectorAll("details:not([hidden]) > summary")];
}

// filter hides what does not match, where the page has all accounts.
function filter() {
  const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
  const hits = (item) => words.every((word) => item.dataset.text.includes(word));
  for (const item of portal.querySelectorAll("[data-text]")) item.hidden = !hits(item);
  for (const group of portal.querySelectorAll(".group")) group.hidden = !group.querySelector("[data-text]:not([hidden])");
  const count = summaries().length;
  document.getElementById("count").textContent = count === 1 ? "1 account" : count + " accounts";
  document.getElementById("none").hidden = count > 0;
}

// take puts the accounts of another page in the place of these. What is open stays
// open, what has the focus keeps it.
async function take(answer) {
  const mine = ++latest;
  let text;
  try { text = await (await answer).text(); } catch { /* no connection */ }
  if (mine !== latest) return;
  if (text === undefined) { document.getElementById("count").textContent = "The server does not answer"; return; }
  const page = new DOMParser().parseFromString(text, "text/html").getElementById("portal");
  if (!page) { location.reload(); return; } // the session is over
  const open = new Set([...portal.querySelectorAll("details[open]")].map((d) => d.id));
  const focus = portal.contains(document.activeElement) ? document.activeElement.id : "";
  portal.replaceChildren(...page.childNodes);
  portal.dataset.complete = page.dataset.complete;
  for (const details of portal.querySelectorAll("details")) if (open.has(details.id)) details.open = true;
  if (focus) document.getElementById(focus)?.focus();
}

function search() {
  const to = new URL(location.pathname, location.href);
  if (query.value) to.searchParams.set("q", query.value);
  history.replaceState(null, "", to);
  return take(fetch(to));
}

if (portal && query) {
  const form = query.form, whole = portal.dataset.complete === "true";
  form.classList.add("live");
  let waits;
  query.addEventListener("input", () => {
    clearTimeout(waits);
    if (whole) filter(); else waits = setTimeout(search, 120);
  });
  form.addEventListener("submit", async (event) => { // on to the first of what was found
    event.preventDefault();
    clearTimeout(waits);
    if (!whole) await search();
    summaries()[0]?.focus();
  });
  portal.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button?.classList.contains("star")) return;
    event.preventDefault();
    take(fetch(button.formAction, { method: "POST", body: new URLSearchParams(new FormData(event.target, button)) })).then(() => { if (whole) filter(); });
  });
  // A key of one character can be switched off, for people who dictate (WCAG 2.1.4).
  const slash = document.getElementById("slash");
  document.getElementById("shortcut").hidden = false;
  slash.checked = stored.get("slash") !== "off";
  slash.addEventListener("change", () => stored.set("slash", slash.checked ? "on" : "off"));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && slash.checked && document.activeElement !== query) { event.preventDefault(); query.focus(); return; }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], list = summaries(), at = list.indexOf(document.activeElement);
    if (!step || (at < 0 && document.activeElement !== query)) return;
    event.preventDefault();
    (list[at + step] ?? (at + step < 0 ? query : list[at]))?.focus();
  });
}
