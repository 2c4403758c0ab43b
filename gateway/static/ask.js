// Answers a question without a page load. The server renders the answer; this only carries it.

import { isSignedOut, signIn } from "./signed_out.js";
import { beginWaiting, stopWaiting } from "./waiting.js";

const form = document.querySelector("#ask");
const field = form.elements.profile;
const place = document.querySelector("#answer");
const status = document.querySelector("#status");
const PATIENCE_MS = 30_000;

let asking = null;

async function ask(question) {
  asking?.abort();
  stopWaiting();
  const mine = (asking = new AbortController());
  const patience = setTimeout(() => mine.abort("patience"), PATIENCE_MS);
  status.textContent = "Looking…";
  place.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(form.dataset.fragment, { method: "POST", body: question, signal: mine.signal });
    if (isSignedOut(response)) return signIn(`${new URL(form.action).pathname}?${question}`);
    // A refusal of ours is a part of the page like an answer; anything else came from something between us.
    if (!response.ok && !response.headers.has("X-Request-ID")) throw new Error(`status ${response.status}`);
    show(await response.text(), question);
  } catch {
    if (mine !== asking) return;
    place.replaceChildren(document.querySelector("#lost").content.cloneNode(true));
    place.querySelector("h2").focus();
  } finally {
    clearTimeout(patience);
    if (mine === asking) {
      asking = null;
      status.textContent = "";
      place.removeAttribute("aria-busy");
    }
  }
}

function show(html, question) {
  place.innerHTML = html;
  form.closest(".ask").classList.add("compact");
  const article = place.firstElementChild;
  if (article?.dataset.title) document.title = article.dataset.title;
  question.delete("ticket");
  const address = `${form.action}?${question}`;
  if (address !== location.href) history.pushState(null, "", address);
  // Whoever is typing the next question already keeps the field.
  if (field.value === question.get("profile")) {
    article?.querySelector("[data-focus]")?.focus({ preventScroll: true });
    place.scrollIntoView({ block: "nearest" });
  }
  beginWaiting(place, ask);
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask(new URLSearchParams(new FormData(form)));
});

// Other forms and links that ask a question, such as a sample or other assumed shares.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-question]")) return;
  event.preventDefault();
  ask(new URLSearchParams(new FormData(event.target)));
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-question]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const question = new URL(link.href).searchParams;
  field.value = question.get("profile");
  if (question.get("platform")) form.elements.platform.value = question.get("platform");
  ask(question);
});

addEventListener("popstate", () => location.reload());
beginWaiting(place, ask);
