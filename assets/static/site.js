// Makes the site smoother; everything works without it.
(() => {
  "use strict";

  const link = (rel) => document.querySelector(`link[rel="${rel}"]`);
  const go = (target) => { if (target) location.href = target.href; };

  // Escape leads from a photo to where it was found: back to the list, or to its owner's photos.
  const up = () => {
    const from = document.referrer && new URL(document.referrer);
    const isPhoto = (path) => /^\/people\/[^/]+\/\d+$/.test(path);
    const isList = from && from.origin === location.origin && !isPhoto(from.pathname) && /^\/($|people\/)/.test(from.pathname);
    if (isList && history.length > 1) history.back();
    else go(document.querySelector(".up a"));
  };

  // On the page of a photo the arrow keys turn to the newer and the older one.
  const keys = (event) => {
    const typing = event.target.closest?.("input, select, textarea, pre");
    if (typing || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (event.key === "ArrowLeft") go(link("prev"));
    else if (event.key === "ArrowRight") go(link("next"));
    else if (event.key === "Escape") up();
  };

  // So does a finger; not while the page is magnified, where it moves the picture.
  const swipes = (stage) => {
    let begin = null;
    stage.addEventListener("touchstart", (event) => {
      const one = event.touches.length === 1 && (window.visualViewport?.scale ?? 1) < 1.05;
      begin = one ? event.touches[0] : null;
    }, { passive: true });
    stage.addEventListener("touchend", (event) => {
      if (!begin) return;
      const end = event.changedTouches[0];
      const [x, y] = [end.clientX - begin.clientX, end.clientY - begin.clientY];
      begin = null;
      if (Math.abs(x) > 60 && Math.abs(x) > 2 * Math.abs(y)) go(link(x > 0 ? "prev" : "next"));
    }, { passive: true });
  };

  // A list goes on by itself: the next slice is fetched before the end of this one is reached. Each
  // slice is a list of its own, so that the browser lays out forty items and not all twenty thousand.
  const endless = (pager, slices) => {
    const RETRIES_MAX = 5;
    let loading = false;
    let failures = 0;
    const append = async (older) => {
      const answer = await fetch(older.href, { headers: { accept: "text/html" } });
      if (!answer.ok) throw new Error(answer.status);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const before = [...document.querySelectorAll(".photos")].at(-1);
      const list = document.adoptNode(page.querySelector(".photos"));
      for (const item of list.children) slices.set(item, answer.url);
      for (const picture of list.querySelectorAll("img")) picture.loading = "lazy";
      before.after(list);
      // The last row was not full yet: it begins the new list.
      const first = list.firstElementChild;
      const { offsetTop } = before.lastElementChild;
      for (const item of [...before.children].filter((item) => item.offsetTop === offsetTop)) {
        if (list.moveBefore) list.moveBefore(item, first);
        else list.insertBefore(item, first);
      }
      before.classList.add("full");
      const next = page.querySelector('.pager [rel="next"]') ?? page.querySelector(".pager .end");
      if (next) older.replaceWith(document.adoptNode(next));
      else older.remove();
    };
    // Entries come in batches, and the last one is how things are.
    const near = new IntersectionObserver(async (entries) => {
      const older = pager.querySelector('[rel="next"]');
      if (!entries.at(-1).isIntersecting || loading || !older) return;
      loading = true;
      try {
        await append(older);
        failures = 0;
        dispatchEvent(new Event("slice"));
      } catch {
        failures += 1;
      }
      loading = false;
      // Asked anew, the observer reports also a pager that never left the margin. After the last
      // retry the link is still there: a click shows what is wrong.
      const again = () => { near.unobserve(pager); near.observe(pager); };
      if (failures === 0) again();
      else if (failures <= RETRIES_MAX) setTimeout(again, 500 * 2 ** failures);
    }, { rootMargin: "1200px" });
    near.observe(pager);
  };

  // "Back" and "reload" lead to where one was: the entry of the history holds the address of the slice
  // in view, one photo of it, and how far from the upper edge it was.
  const place = (slices) => {
    const box = (element) => element.getBoundingClientRect();
    const photo = (item) => item.querySelector(".open").getAttribute("href");
    const begins = location.href;
    // The first element that is not above the window, by halves.
    const firstInView = (elements) => {
      let [low, high] = [0, elements.length - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (box(elements[middle]).bottom > 0) high = middle;
        else low = middle + 1;
      }
      return elements[low];
    };
    // The last item of the first row in view.
    const inView = () => {
      let item = firstInView(firstInView(document.querySelectorAll(".photos")).children);
      const row = item.offsetTop;
      while (item.nextElementSibling?.offsetTop === row) item = item.nextElementSibling;
      return item;
    };
    let wanted = history.state?.photo ? history.state : null;
    const restore = () => {
      const item = wanted && [...document.querySelectorAll(".photos > li")].find((item) => photo(item) === wanted.photo);
      if (!item) return;
      scrollBy(0, box(item).top - wanted.top);
      if (Math.abs(box(item).top - wanted.top) < 2) wanted = null;
    };
    // Rows may break otherwise when the page begins with another slice: only this one item keeps its place exactly, so it
    // is the one that was clicked, if any.
    const save = (clicked) => {
      if (wanted) return;
      const item = clicked ?? inView();
      history.replaceState({ photo: photo(item), top: box(item).top }, "", slices.get(item) ?? begins);
    };
    let waiting = 0;
    const soon = () => { clearTimeout(waiting); waiting = setTimeout(() => save(), 150); };
    history.scrollRestoration = "manual";
    restore();
    // Near the end of a slice there is not enough below to scroll to, until the next one is there.
    if (!document.querySelector('.pager [rel="next"]')) wanted = null;
    addEventListener("slice", () => { restore(); wanted = null; }, { once: true });
    for (const own of ["wheel", "touchstart", "keydown", "pointerdown"]) {
      addEventListener(own, () => { wanted = null; }, { passive: true });
    }
    addEventListener("scroll", soon, { passive: true });
    addEventListener("click", (event) => {
      clearTimeout(waiting);
      save(event.target.closest(".photos > li"));
    }, true);
  };

  // The picture of the next photo is fetched ahead, in the size that its page will choose. Its page
  // is not: no page may be kept, so it would be fetched twice.
  const fetchAhead = () => {
    const next = document.querySelector('link[rel="next"][data-srcset]');
    if (!next) return;
    const ahead = new Image();
    ahead.fetchPriority = "low";
    const { folder, srcset, sizes } = next.dataset;
    ahead.sizes = sizes;
    ahead.srcset = srcset.split(", ").map((file) => folder + file).join(", ");
  };

  // A file that is too large is refused here, before it is sent and what was typed is lost.
  const checkSize = (file) => {
    file.addEventListener("change", () => {
      const tooLarge = file.files[0]?.size > Number(file.dataset.bytesMax);
      file.setCustomValidity(tooLarge ? file.dataset.tooLarge : "");
      file.reportValidity();
    });
  };

  // A photo without a title takes that of its file, unless a camera made up the name. What cannot be seen is left
  // out, but for joiners and tags, which emoji and some scripts need; no character is cut in half.
  const titleFromFile = (file, title) => {
    let filled = "";
    file.addEventListener("change", () => {
      if (title.value !== filled) return;
      const name = (file.files[0]?.name ?? "").replace(/\.[^.]*$/, "")
        .replace(/(?![\u200c\u200d\u{e0020}-\u{e007f}])[\p{Cf}\p{Co}]/gu, "").replace(/[_\s\p{Cc}]+/gu, " ").trim();
      // IMG_1234, DSC0001, P1010001, PXL_20240101_120000.MP, IMG-20240101-WA0001, 2024-01-01 12.00.00, a UUID.
      const camera = /^((img|dsc[nfm]?|pict?|pano|mvimg|pxl|gopr|dji|mg|sam|cimg|image|photo|p|l)?[ -]*\d[\d .()-]*(mp|wa\d+)?|[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12})$/i;
      filled = camera.test(name) ? "" : name.slice(0, title.maxLength).replace(/\p{Cs}/gu, "");
      title.value = filled;
    });
  };

  // The lab's line: what this page cost, and which tier answered its files.
  const showCost = (cost) => {
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
  };

  const stage = document.querySelector(".stage");
  if (stage) {
    addEventListener("keydown", keys);
    swipes(stage);
    addEventListener("load", fetchAhead);
  }

  if (document.querySelector(".photos > li")) {
    const slices = new WeakMap();
    place(slices);
    const pager = document.querySelector(".pager");
    if (pager?.querySelector('[rel="next"]')) endless(pager, slices);
  }

  const file = document.querySelector("#picture");
  const title = document.querySelector("#title");
  if (file?.dataset.bytesMax) checkSize(file);
  if (file && title) titleFromFile(file, title);

  const cost = document.querySelector(".cost");
  if (cost) showCost(cost);
})();
