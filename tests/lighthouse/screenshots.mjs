// Takes pictures of every page of a site in every window.
import { mkdirSync, writeFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import puppeteer from "puppeteer-core";
import { CHROMIUM, FLAGS, pagesOf } from "./pages.mjs";

const WIDTHS = (process.env.WIDTHS ?? "320,390,768,1440").split(",").map(Number);
const SCHEMES = (process.env.SCHEMES ?? "light,dark").split(",");
const SCRIPTS = (process.env.SCRIPTS ?? "with,without").split(",");
const ONLY = process.env.ONLY?.split(",");
const HEIGHTS = { 320: 640, 390: 844, 768: 1024, 1440: 900 };

const site = process.argv[2].replace(/\/$/, "");
const folder = process.argv[3];
mkdirSync(folder, { recursive: true });

// A picture of 900 x 600 pixels to post, as PNG: no picture lies in this folder.
function picture() {
  const [width, height] = [900, 600];
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) rows.set([80 + y / 6, 120, 200 - x / 9], y * (width * 3 + 1) + 1 + x * 3);
  }
  const table = Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let bit = 0; bit < 8; bit += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    let crc = 0xffffffff;
    for (const byte of body) crc = table[(crc ^ byte) & 255] ^ (crc >>> 8);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(data.length, 0);
    ends.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const magic = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([magic, chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

const browser = await puppeteer.launch({ executablePath: CHROMIUM, args: FLAGS });

async function join(page) {
  const name = `screenshots-${Date.now().toString(36)}`;
  await page.goto(`${site}/register`);
  await page.type("#name", name);
  await page.type("#display_name", "Maximiliane von Hohenfels");
  await page.type("#password", "correct horse battery");
  await Promise.all([page.waitForNavigation(), page.click(".card button")]);
  const file = `${folder}/picture.png`;
  writeFileSync(file, picture());
  for (const [title, level] of [["For everybody", "public"], ["For my own eyes", "private"]]) {
    await page.goto(`${site}/upload`);
    await (await page.$("#picture")).uploadFile(file);
    await page.$eval("#title", (field, title) => { field.value = title; }, title);
    await page.click(`[name=visibility][value=${level}]`);
    await Promise.all([page.waitForNavigation(), page.click(".card > button")]);
  }
  return { own: `/people/${name}`, private: new URL(page.url()).pathname, upload: "/upload" };
}

async function shoot(page, who, pages) {
  for (const [name, path] of Object.entries(pages)) {
    if (ONLY && !ONLY.includes(name)) continue;
    for (const script of SCRIPTS) {
      await page.setJavaScriptEnabled(script === "with");
      for (const width of WIDTHS) {
        const touch = width < 1000;
        await page.setViewport({ width, height: HEIGHTS[width] ?? 900, isMobile: touch, hasTouch: touch });
        for (const scheme of SCHEMES) {
          await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
          await page.goto(site + path, { waitUntil: "load" });
          if (script === "with") {
            await page.evaluate(() => Promise.all([...document.images].filter((i) => i.loading !== "lazy").map((i) => i.decode().catch(() => {}))));
          }
          const words = [who, name, width, scheme, ...(script === "with" ? [] : ["without-script"])];
          await page.screenshot({ path: `${folder}/${words.join("-")}.png` });
        }
      }
    }
  }
  await page.setJavaScriptEnabled(true);
}

try {
  const page = await browser.newPage();
  const pages = await pagesOf(site);
  pages.error = "/no/such/page";
  if ((await fetch(`${site}/lab`)).ok) pages.lab = "/lab";
  await shoot(page, "visitor", pages);
  await page.setViewport({ width: 1440, height: 900 });
  const own = await join(page);
  await shoot(page, "member", { explore: "/", people: "/people", photo: pages.photo, ...own });
} finally {
  await browser.close();
}
console.log(`pictures are in ${folder}`);
