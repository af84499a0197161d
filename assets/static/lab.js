// Lets the lab's picture move. Without it the page refreshes itself.
(() => {
  "use strict";
  const live = document.getElementById("live");
  if (!live?.dataset.url) return;

  // A picture comes in parts; only those that changed are replaced, so that a button that is being
  // pressed, or a plan that is being read, stays what it is.
  const parts = (root) => [...root.querySelectorAll("[data-part]")];
  const show = (html) => {
    const fresh = parts(new DOMParser().parseFromString(html, "text/html"));
    const shown = parts(live);
    if (fresh.length !== shown.length) return live.replaceChildren(...fresh);
    fresh.forEach((part, at) => {
      const old = shown[at];
      const seen = old.cloneNode(true);
      for (const details of seen.querySelectorAll("details")) details.open = false;
      if (part.isEqualNode(seen)) return;
      old.querySelectorAll("details").forEach((details, n) => {
        const again = part.querySelectorAll("details")[n];
        if (again) again.open = details.open;
      });
      // Where the reader was with the keyboard, there they stay.
      const focused = old.contains(document.activeElement) && [...old.querySelectorAll("button, a, pre, summary")].indexOf(document.activeElement);
      old.replaceWith(part);
      if (focused !== false) part.querySelectorAll("button, a, pre, summary")[focused]?.focus({ preventScroll: true });
    });
  };

  // How long to wait before asking a site again that did not answer.
  const AGAIN_MS = 2000;
  let source = null;
  let again = 0;
  const watch = () => {
    clearTimeout(again);
    source?.close();
    source = null;
    // Nobody looks: nothing shall be gathered.
    if (document.hidden) return;
    source = new EventSource(live.dataset.url);
    source.onmessage = (event) => {
      live.classList.remove("still");
      show(event.data);
    };
    source.onerror = () => {
      // A stream that has come to its end is asked for again by the browser; a refusal is not.
      if (source?.readyState !== EventSource.CLOSED) return;
      live.classList.add("still");
      again = setTimeout(watch, AGAIN_MS);
    };
  };
  document.addEventListener("visibilitychange", watch);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", watch);

  // A button acts without leaving the picture; how it goes, the picture shows.
  live.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const button = form.querySelector("button");
    const fields = new URLSearchParams(new FormData(form));
    button.setAttribute("aria-busy", "true");
    try {
      // Not form.action: a field of that name stands before it.
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body: fields, redirect: "manual" });
      // The redirect leads here; anything else is a page that says what went wrong.
      if (answer.type !== "opaqueredirect") location.reload();
    } catch {
      live.classList.add("still");
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
})();
