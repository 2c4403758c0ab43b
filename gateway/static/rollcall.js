// Answers a question without a page load. The server renders the answer; this only carries it.

const form = document.querySelector("#ask");
const field = form.elements.profile;
const place = document.querySelector("#answer");
const status = document.querySelector("#status");
const PATIENCE_MS = 30_000;

let asking = null;
let waiting = null;

async function ask(ticket) {
  asking?.abort();
  stopWaiting();
  const mine = (asking = new AbortController());
  const patience = setTimeout(() => mine.abort("patience"), PATIENCE_MS);
  const body = new URLSearchParams(new FormData(form));
  if (ticket) body.set("ticket", ticket);
  status.textContent = "Looking…";
  place.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(form.dataset.fragment, { method: "POST", body, signal: mine.signal });
    if (!response.ok) throw new Error(`status ${response.status}`);
    show(await response.text(), body);
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

function show(html, body) {
  place.innerHTML = html;
  form.closest(".ask").classList.add("compact");
  const article = place.firstElementChild;
  if (article?.dataset.title) document.title = article.dataset.title;
  body.delete("ticket");
  const address = `${form.action}?${body}`;
  if (address !== location.href) history.pushState(null, "", address);
  // Whoever is typing the next question already keeps the field.
  if (field.value === body.get("profile")) {
    article?.querySelector("[data-focus]")?.focus({ preventScroll: true });
    place.scrollIntoView({ block: "nearest" });
  }
  beginWaiting();
}

// Where one must wait, count down and ask again when the time comes; the ticket keeps the place.
function beginWaiting() {
  const article = place.querySelector("[data-retry-after]");
  if (!article) return;
  const due = performance.now() + 1000 * Number(article.dataset.retryAfter);
  const again = article.querySelector("[data-again]");
  const [submit, stop] = [again.querySelector("[type=submit]"), again.querySelector("[data-stop]")];
  const counting = article.querySelector(".counting");
  const ticket = again.elements.ticket?.value;
  counting.hidden = stop.hidden = false;
  submit.hidden = true;
  stop.addEventListener("click", () => {
    stopWaiting();
    counting.hidden = stop.hidden = true;
    submit.hidden = false;
    submit.focus();
  });
  again.addEventListener("submit", (event) => {
    event.preventDefault();
    ask(ticket);
  });
  const tick = () => {
    const left = Math.ceil((due - performance.now()) / 1000);
    article.querySelector("[data-countdown]").textContent = duration(Math.max(0, left));
    if (left <= 0) ask(ticket);
  };
  waiting = setInterval(tick, 250);
  tick();
}

function stopWaiting() {
  clearInterval(waiting);
  waiting = null;
}

function duration(seconds) {
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (h) return `${h} h ${m} min`;
  return m ? `${m} min ${s} s` : `${s} s`;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});

document.addEventListener("click", (event) => {
  const sample = event.target.closest("a[data-profile]");
  if (!sample || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  field.value = sample.dataset.profile;
  form.elements.platform.value = sample.dataset.platform;
  ask();
});

addEventListener("popstate", () => location.reload());
beginWaiting();
