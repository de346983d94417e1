// After a tick, show the count, the total and the refusal of the server's own page.  Without scripts, a button does it.
const form = document.querySelector("form[data-selection]");
let latest = 0;
form?.addEventListener("change", async (event) => {
  if (event.target.name !== "choix") return;
  const number = ++latest;
  const address = `${form.dataset.selection}?${new URLSearchParams(new FormData(form))}`;
  const answer = await fetch(address).catch(() => null); // without an answer, the button is left
  const text = answer?.ok ? await answer.text() : "";
  if (number !== latest) return;
  const page = new DOMParser().parseFromString(text, "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    fresh?.querySelectorAll("[autofocus]").forEach((each) => each.removeAttribute("autofocus"));
    if (fresh) part.replaceChildren(...fresh.childNodes);
  }
});
