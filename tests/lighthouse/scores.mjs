// Runs Lighthouse on the pages of a site and prints a table of its scores.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as launcher from "chrome-launcher";
import lighthouse from "lighthouse";
import { CHROMIUM, FLAGS, pagesOf } from "./pages.mjs";

const SCORES_MIN = { performance: 90, accessibility: 100, "best-practices": 100, seo: 100 };

const site = process.argv[2].replace(/\/$/, "");
const pages = await pagesOf(site);
const profile = mkdtempSync(join(tmpdir(), "fk-lighthouse-"));
const chrome = await launcher.launch({
  chromePath: CHROMIUM, chromeFlags: FLAGS, userDataDir: profile, ignoreDefaultFlags: false,
});
let failed = false;
console.log(`${"page".padEnd(10)}${Object.keys(SCORES_MIN).map((name) => name.padStart(16)).join("")}`);
try {
  for (const [name, path] of Object.entries(pages)) {
    const { lhr } = await lighthouse(site + path, {
      port: chrome.port, output: "json", onlyCategories: Object.keys(SCORES_MIN), logLevel: "error",
    });
    const scores = Object.keys(SCORES_MIN).map((id) => Math.round(lhr.categories[id].score * 100));
    console.log(`${name.padEnd(10)}${scores.map((score) => String(score).padStart(16)).join("")}`);
    for (const [id, least] of Object.entries(SCORES_MIN)) {
      const { score, auditRefs } = lhr.categories[id];
      if (Math.round(score * 100) >= least) continue;
      failed = true;
      const audits = auditRefs.map((ref) => lhr.audits[ref.id]).filter((audit) => audit.score !== null && audit.score < 0.9);
      for (const audit of audits) console.log(`  ${id}: ${audit.title}`);
    }
  }
} finally {
  await chrome.kill();
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}
process.exit(failed ? 1 : 0);
