// Scrolls a list of a running site to its end, or so many slices down, again and again, and says whether it stalled.
//
//   node tests/lighthouse/endless.mjs http://127.0.0.1:8080 /people/NAME 10 [500]
import puppeteer from "puppeteer-core";
import { CHROMIUM, FLAGS } from "./pages.mjs";

const STALLED_AFTER_MS = 60_000;
const [site, path, runs, slicesMax = Infinity] = process.argv.slice(2);
const browser = await puppeteer.launch({ executablePath: CHROMIUM, args: FLAGS });
let stalls = 0;
try {
  for (let run = 1; run <= Number(runs); run += 1) {
    const page = await browser.newPage();
    const devtools = await page.createCDPSession();
    await devtools.send("Network.enable");
    await devtools.send("Network.setBlockedURLs", { urls: ["*/i/*"] });
    await page.goto(site + path);
    const begin = Date.now();
    let [slices, seen, end] = [0, begin, false];
    while (!end && Date.now() - seen < STALLED_AFTER_MS) {
      const now = await page.evaluate(() => {
        scrollTo(0, document.body.scrollHeight);
        return { slices: document.querySelectorAll(".photos").length, end: Boolean(document.querySelector(".pager .end")) };
      });
      if (now.slices !== slices) [slices, seen] = [now.slices, Date.now()];
      end = now.end || now.slices >= Number(slicesMax);
      await new Promise((done) => setTimeout(done, 20));
    }
    const photos = await page.evaluate(() => new Set([...document.querySelectorAll(".photos .open")].map((a) => a.href)).size);
    const seconds = ((Date.now() - begin) / 1000).toFixed(0);
    console.log(`run ${run}: ${slices} slices, ${photos} photos, ${end ? "no stall" : "STALLED"} after ${seconds} s`);
    if (!end) stalls += 1;
    await page.close();
  }
} finally {
  await browser.close();
}
process.exit(stalls ? 1 : 0);
