// Where one must wait, counts down and asks again when the time comes; the ticket keeps the place. The server tells by
// events where the ticket stands; where events do not come through it is asked now and then, and without any answer the
// time that was told first holds.

import { duration } from "./duration.js";
import { isSignedOut } from "./signed_out.js";

const POLL_MS = 5_000;
const TICK_MS = 250;
let stop = () => {};

export function beginWaiting(place, ask) {
  const article = place.querySelector("[data-retry-after]");
  if (!article) return;
  const again = article.querySelector("[data-again]");
  const [submit, stopper] = [again.querySelector("[type=submit]"), again.querySelector("[data-stop]")];
  const counting = article.querySelector(".counting");
  const ring = article.querySelector(".ring .left");
  const line = article.querySelector("[data-line]");
  const whole = 1000 * Number(article.dataset.retryAfter);
  let due = performance.now() + whole;
  let events = null;
  let timers = [];

  const end = () => {
    events?.close();
    timers.forEach(clearInterval);
    timers = [];
  };
  const turn = () => {
    end();
    ask(new URLSearchParams(new FormData(again)));
  };
  // In seconds from now, since the browser's own clock may be wrong.
  const moved = ({ position, retry_after_s }) => {
    if (retry_after_s !== null) due = performance.now() + 1000 * retry_after_s;
    if (position === null) return;
    line.textContent = ["You are next.", "One is before you."][position] ?? `${position} are before you.`;
  };
  const poll = async () => {
    const response = await fetch(article.dataset.ticket).catch(() => null);
    if (!response || !timers.length) return;
    // The question knows the way to the page that signs in.
    if (isSignedOut(response)) turn();
    else if (response.ok) moved(await response.json());
  };
  const listen = () => {
    events = new EventSource(article.dataset.events);
    events.addEventListener("place", (event) => moved(JSON.parse(event.data)));
    events.addEventListener("turn", turn);
    events.addEventListener("error", () => {
      // The browser connects again by itself unless the answer was no stream at all.
      if (events.readyState !== EventSource.CLOSED || !timers.length) return;
      timers.push(setInterval(poll, POLL_MS));
      poll();
    });
  };
  const tick = () => {
    const left = due - performance.now();
    article.querySelector("[data-countdown]").textContent = duration(Math.max(0, Math.ceil(left / 1000)));
    ring?.setAttribute("stroke-dashoffset", String(100 * (1 - Math.min(1, Math.max(0, left / whole)))));
    if (left <= 0) turn();
  };

  counting.hidden = stopper.hidden = false;
  submit.hidden = true;
  stopper.addEventListener("click", () => {
    end();
    counting.hidden = stopper.hidden = true;
    submit.hidden = false;
    submit.focus();
  });
  stop = end;
  timers.push(setInterval(tick, TICK_MS));
  tick();
  if (article.dataset.events && timers.length) listen();
}

export function stopWaiting() {
  stop();
}
