// What is wrong with the layout of this page in a window of this width: a list of sentences.
// The body of a function of one argument; evaluated by tests/it/browser_pages.rs.
const width = arguments[0];
const TARGET_PX = 24; // WCAG 2.2, 2.5.8
const faults = [];
const name = (element) => {
  const words = (element.getAttribute("aria-label") || element.textContent || element.name || "").trim();
  return `<${element.localName} class="${element.className}"> "${words.slice(0, 30)}"`;
};
const say = (element, what) => faults.push(`${name(element)} ${what}`);

const wide = document.documentElement.scrollWidth;
if (wide > width) faults.push(`the page is ${wide} px wide`);
for (const element of document.body.querySelectorAll("*")) {
  const box = element.getBoundingClientRect();
  const clipped = element.closest("svg, pre, .unseen, .skip, .photos, .long, .mark, [role=region]");
  if (!clipped && box.width > 0 && box.right > width + 0.5) say(element, `ends at ${box.right}`);
}

// Links in the midst of a sentence are as high as its line, which the guideline allows.
const inSentence = (element) => element.matches("main p a, main dd a, .comment a");
const targets = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary")]
  .filter((element) => !element.disabled && element.checkVisibility({ visibilityProperty: true }) && !element.matches(".skip"));
const boxes = targets.map((element) => {
  const { left, top, right, bottom } = (element.matches(".choice input") ? element.parentElement : element).getBoundingClientRect();
  return { element, left, top, right, bottom };
});
for (const { element, left, top, right, bottom } of boxes) {
  const small = right - left < TARGET_PX - 0.5 || bottom - top < TARGET_PX - 0.5;
  const inTile = element.closest(".photos p") && matchMedia("(hover: hover)").matches;
  if (small && !inSentence(element) && !inTile) say(element, `is ${Math.round(right - left)} x ${Math.round(bottom - top)} px`);
}

// The owner's name lies on its picture and the arrows on theirs, with intent.
const together = (a, b) => a.contains(b) || b.contains(a)
  || (a.closest(".photos > li, .stage") && a.closest(".photos > li, .stage") === b.closest(".photos > li, .stage"));
boxes.sort((a, b) => a.top - b.top);
boxes.forEach((a, at) => {
  for (let next = at + 1; next < boxes.length && boxes[next].top < a.bottom - 1; next += 1) {
    const b = boxes[next];
    const overlap = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    if (overlap > 1 && !together(a.element, b.element)) say(a.element, `lies over ${name(b.element)}`);
  }
});

// On a touch screen nothing waits for a mouse.
if (matchMedia("(hover: none)").matches) {
  for (const caption of document.querySelectorAll(".photos p")) {
    const unseen = getComputedStyle(caption).opacity < 1 || caption.getBoundingClientRect().height < 12;
    if (unseen) say(caption, "cannot be seen");
  }
}
for (const mark of document.querySelectorAll(".only")) {
  const style = getComputedStyle(mark);
  if (style.opacity < 1 || style.display === "none") say(mark, "waits for a mouse");
}

const cost = document.querySelector(".cost:not([hidden])");
if (cost?.checkVisibility()) {
  const under = document.querySelector("main").getBoundingClientRect().bottom;
  if (getComputedStyle(cost).position === "fixed" || cost.getBoundingClientRect().top < under - 1) say(cost, "covers the page");
}
return faults;
