// Shows how far a batch has come. The server tells it by events, rendered; where events do not come through, the page is
// asked now and then. When the batch is over, the whole page is loaded again, since other buttons stand there.

import { isSignedOut, signIn } from "./signed_out.js";

const place = document.querySelector("#progress");
const POLL_MS = 4_000;

async function look() {
  const response = await fetch(location.href).catch(() => null);
  if (response && isSignedOut(response)) signIn();
  if (!response?.ok || response.redirected) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("#progress");
  if (!fresh) return;
  place.innerHTML = fresh.innerHTML;
  if (fresh.querySelector(".state strong").textContent !== "Running") location.reload();
}

const events = new EventSource(place.dataset.events);
events.addEventListener("progress", (event) => {
  place.innerHTML = JSON.parse(event.data);
});
events.addEventListener("over", () => {
  events.close();
  location.reload();
});
events.addEventListener("error", () => {
  // The browser connects again by itself unless the answer was no stream at all.
  if (events.readyState !== EventSource.CLOSED) return;
  setInterval(look, POLL_MS);
  look();
});
