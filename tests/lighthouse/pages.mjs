// The pages of a site, found by its links, and the browser that looks at them.
import { existsSync } from "node:fs";

export const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

export const FLAGS = [
  "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
  // With a mouse: without one a headless browser takes itself for a phone.
  "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
];

const first = (html, pattern, what) => {
  const found = html.match(pattern);
  if (!found) throw new Error(`no ${what} on the first page`);
  return found[1];
};

// Returns a name and a path for each.
export async function pagesOf(site) {
  const html = await (await fetch(site)).text();
  const photo = first(html, /class="open" href="([^"]+)"/, "photo");
  const person = photo.replace(/\/\d+$/, "");
  const archive = new URL((await fetch(`${site}${person}/archive`)).url).pathname;
  return { explore: "/", people: "/people", stream: person, photo, archive, login: "/login", join: "/register" };
}
