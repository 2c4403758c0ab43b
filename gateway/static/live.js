// Keeps the parts of a page up to date that the server marked with data-live, and counts the seconds to each time that
// is marked with data-until. Without this script a link asks for the page again.

import { duration } from "./duration.js";
import { isSignedOut, signIn } from "./signed_out.js";

const parts = document.querySelectorAll("[data-live]");
const line = document.querySelector("[data-live-switch]");
let timer = null;
let ahead = 0;

async function refresh() {
  if (document.hidden) return;
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (isSignedOut(response)) return signIn();
    if (response.redirected) throw new Error("another page");
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    for (const part of parts) {
      const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
      // What somebody is reading by keyboard stays where it is.
      if (next && !part.contains(document.activeElement)) part.innerHTML = next.innerHTML;
    }
    compare(fresh.querySelector("[data-live-switch]"));
    count();
    line.classList.remove("lost");
  } catch {
    line.classList.add("lost");
  }
}

// The browser's own clock may be wrong; what counts is the server's, which stands in the page.
function compare(told) {
  ahead = Date.now() - Date.parse(told.dataset.now);
}

function count() {
  for (const each of document.querySelectorAll("[data-until]")) {
    const left = Math.ceil((Date.parse(each.dataset.until) + ahead - Date.now()) / 1000);
    each.textContent = left > 0 ? `in ${duration(left)}` : "now";
  }
}

function start() {
  timer = setInterval(refresh, 1000 * Number(parts[0].dataset.every));
}

if (parts.length) {
  compare(line);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet";
  button.textContent = "Pause";
  button.addEventListener("click", () => {
    if (timer) {
      clearInterval(timer);
      timer = null;
    } else {
      refresh();
      start();
    }
    line.classList.toggle("paused", !timer);
    button.textContent = timer ? "Pause" : "Go on";
  });
  const state = document.createElement("span");
  state.textContent = `Live, every ${parts[0].dataset.every} s`;
  line.replaceChildren(state, button);
  start();
  setInterval(count, 1000);
  count();
}
