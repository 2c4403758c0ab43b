// A file that is dropped anywhere on the form is as if it had been chosen; a second click sends no second list.

const form = document.querySelector(".batch-form");
const field = form.elements.file;
const holdsFile = (event) => event.dataTransfer.types.includes("Files");

form.addEventListener("dragover", (event) => {
  if (!holdsFile(event)) return;
  event.preventDefault();
  form.classList.add("dropping");
});
form.addEventListener("dragleave", (event) => {
  if (!form.contains(event.relatedTarget)) form.classList.remove("dropping");
});
form.addEventListener("drop", (event) => {
  form.classList.remove("dropping");
  if (!holdsFile(event)) return;
  event.preventDefault();
  field.files = event.dataTransfer.files;
  field.focus();
});

let sent = false;
form.addEventListener("submit", (event) => {
  if (sent) event.preventDefault();
  sent = true;
});
// Whoever comes back to the page may send again.
addEventListener("pageshow", () => {
  sent = false;
});
