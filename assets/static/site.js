// Makes the site smoother; everything works without it.
(() => {
  "use strict";

  // Arrow keys turn pages: newer to the left, older to the right.
  const turn = { ArrowLeft: "prev", ArrowRight: "next" };
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea, pre");
    if (typing || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const rel = turn[event.key];
    const link = rel && document.querySelector(`[rel="${rel}"]`);
    if (link) location.href = link.href;
  });

  // The next slice comes before one reaches the end of this one. Its address is put into the
  // address bar when it comes into view, so that "reload" and "back" lead to what one looked at.
  const list = document.querySelector(".photos");
  const pager = document.querySelector(".pager");
  if (list && pager && pager.querySelector('[rel="next"]')) {
    let loading = false;
    const near = new IntersectionObserver(async ([entry]) => {
      const older = pager.querySelector('[rel="next"]');
      if (!entry.isIntersecting || loading || !older) return;
      loading = true;
      try {
        const answer = await fetch(older.href, { headers: { accept: "text/html" } });
        if (!answer.ok) throw new Error(answer.status);
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const items = [...page.querySelectorAll(".photos > li")];
        const seen = new IntersectionObserver((entries, self) => {
          if (!entries.some((e) => e.isIntersecting)) return;
          self.disconnect();
          history.replaceState(null, "", answer.url);
        });
        for (const item of items) {
          for (const picture of item.querySelectorAll("img")) picture.loading = "lazy";
          list.append(document.adoptNode(item));
        }
        if (items[0]) seen.observe(items[0]);
        const next = page.querySelector('.pager [rel="next"]') ?? page.querySelector(".pager .end");
        if (next) older.replaceWith(document.adoptNode(next));
        else older.remove();
        near.unobserve(pager);
        near.observe(pager);
      } catch {
        // The link is still there: a click shows what went wrong.
        near.disconnect();
      } finally {
        loading = false;
      }
    }, { rootMargin: "1200px" });
    near.observe(pager);
  }

  // The picture of the next photo is fetched ahead, in the size that its page will choose. Its page
  // is not: no page may be kept, so it would be fetched twice.
  addEventListener("load", () => {
    const next = document.querySelector('link[rel="next"][data-srcset]');
    if (!next) return;
    const ahead = new Image();
    ahead.fetchPriority = "low";
    ahead.sizes = next.dataset.sizes;
    ahead.srcset = next.dataset.srcset;
  });

  // A photo without a title takes that of its file, unless a camera made up the name.
  const file = document.querySelector("#picture");
  const title = document.querySelector("#title");
  if (file && title) {
    let filled = "";
    file.addEventListener("change", () => {
      if (title.value !== filled) return;
      const name = (file.files[0]?.name ?? "").replace(/\.[^.]*$/, "").replace(/[_\s]+/g, " ").trim();
      // IMG_1234, DSC0001, P1010001, PXL_20240101_120000.MP, IMG-20240101-WA0001, 2024-01-01 12.00.00, a UUID.
      const camera = /^((img|dsc[nfm]?|pict?|pano|mvimg|pxl|gopr|dji|mg|sam|cimg|image|photo|p|l)?[ -]*\d[\d .()-]*(mp|wa\d+)?|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12})$/i;
      filled = camera.test(name) ? "" : name.slice(0, title.maxLength);
      title.value = filled;
    });
  }

  // A file that is too large is refused here, before it is sent and what was typed is lost.
  const file = document.querySelector("input[data-bytes-max]");
  file?.addEventListener("change", () => {
    const tooLarge = file.files[0]?.size > Number(file.dataset.bytesMax);
    file.setCustomValidity(tooLarge ? file.dataset.tooLarge : "");
    file.reportValidity();
  });

  // The lab's line: what this page cost, and who answered its files.
  const cost = document.querySelector(".cost");
  if (cost) {
    const page = performance.getEntriesByType("navigation")[0];
    const timing = (name) => page?.serverTiming?.find((t) => t.name === name);
    const show = () => {
      const tiers = {};
      for (const file of performance.getEntriesByType("resource")) {
        const cache = file.serverTiming?.find((t) => t.name === "cache");
        const local = file.transferSize === 0 && file.decodedBodySize > 0;
        const tier = local ? "browser" : cache ? cache.description.replace("HIT ", "") : null;
        if (tier) tiers[tier === "MISS" ? "app" : tier] = (tiers[tier === "MISS" ? "app" : tier] ?? 0) + 1;
      }
      const db = timing("db");
      const parts = [`${cost.dataset.version} ${cost.dataset.name}`];
      if (db) parts.push(`${db.description} ${db.description === "1" ? "query" : "queries"}, ${db.duration.toFixed(1)} ms`);
      const files = Object.entries(tiers).map(([tier, n]) => `${n} ${tier}`).join(", ");
      if (files) parts.push(`files: ${files}`);
      cost.textContent = parts.join(" · ");
      cost.hidden = false;
    };
    let waiting = 0;
    const soon = () => { clearTimeout(waiting); waiting = setTimeout(show, 150); };
    new PerformanceObserver(soon).observe({ type: "resource", buffered: true });
    addEventListener("load", soon);
  }
})();
