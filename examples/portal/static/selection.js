// After a tick, show the count, the total and the refusal of the server's own page.  Without scripts, a button does it.
const form = document.querySelector("form[data-selection]");
let latest = 0;
form?.addEventListener("change", async (event) => {
  if (event.target.name !== "choix") return;
  const number = ++latest;
  const answer = await fetch(`${form.dataset.selection}?${new URLSearchParams(new FormData(form))}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!answer.ok || number !== latest) return;
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    fresh?.querySelectorAll("[autofocus]").forEach((each) => each.removeAttribute("autofocus"));
    if (fresh) part.replaceChildren(...fresh.childNodes);
  }
});
