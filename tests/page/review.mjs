// A visit looked at again: what is drawn of it, however far one looks.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Visit, browse, check, levator, open, pictures, test, until } from "./bench.mjs";

/** What the chart is made of, read back from it: the share of its pixels in the full colour of the trace, and of those that
 * are this colour laid thinly over the ground. */
const drawn = (page) => page.evaluate(() => {
  const canvas = document.querySelector("canvas.chart");
  const probe = new OffscreenCanvas(1, 1).getContext("2d");
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => {
    probe.fillStyle = style.getPropertyValue(`--${name}`).trim();
    probe.fillRect(0, 0, 1, 1);
    return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const trace = colour("trace");
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  const seen = { level: 0, behind: 0 };
  for (let at = 0; at < data.length; at += 4) {
    if (Math.hypot(data[at] - trace[0], data[at + 1] - trace[1], data[at + 2] - trace[2]) > 4) continue;
    // The chart has no ground of its own: what is thin is seen in the fourth part of a pixel.
    if (data[at + 3] > 250) seen.level += 1;
    else if (data[at + 3] > 55 && data[at + 3] < 90) seen.behind += 1;
  }
  return seen;
});

test("a visit is drawn as its envelope with the signal faintly behind it, near and from afar", async () => {
  const out = mkdtempSync(join(tmpdir(), "levator-review-"));
  execFileSync(levator, ["demo", "--seconds", "12", "--plain", "--no-page", "--out", join(out, "visit")], { stdio: "pipe" });
  const visit = await Visit.begin({ kind: "demo", live: ["--wait"], out });
  const browser = await browse();
  try {
    const page = await open(browser, visit.address);
    await page.evaluate(() => globalThis.levatorPage.go({ screen: "review" }));
    await page.getByRole("button", { name: /^Open/ }).first().click();
    await page.waitForSelector("canvas.chart");
    const { channels } = await page.evaluate(async () => {
      const { desk } = globalThis.levatorPage;
      const { told } = await desk.ask("visits", {});
      const answer = await desk.ask("overview", { visit: told.visits[0].id, from_s: 0, to_s: null, pieces: 1000 });
      return answer.told;
    });
    const emg = channels.find((one) => one.kind === "emg");
    const known = emg.level_low.filter((value) => value !== null);
    check(known.length > 100 && known.every((value) => value >= 0), `${known.length} pieces of an envelope`);
    check(emg.level_high.every((value, at) => value === null || value <= Math.max(Math.abs(emg.low[at]), Math.abs(emg.high[at])) * 3 + 10), "an envelope is no larger than its signal by far");
    const far = await until(async () => { const seen = await drawn(page); return seen.level > 300 && seen.behind > 300 && seen; }, "both are drawn");
    const began = Date.now();
    await page.getByRole("button", { name: "Closer" }).click();
    await page.getByRole("button", { name: "Closer" }).click();
    await page.getByRole("button", { name: "Closer" }).click();
    const near = await until(async () => { const seen = await drawn(page); return seen.level > 300 && seen.behind > 300 && JSON.stringify(seen) !== JSON.stringify(far) && seen; }, "and nearer");
    const took = Date.now() - began;
    await page.screenshot({ path: join(pictures, "review-near-dark.png") });
    check(page.errors.length === 0, page.errors.join("; "));
    return `level and signal, pixels: ${JSON.stringify(far)} whole, ${JSON.stringify(near)} after three steps nearer and ${took} ms`;
  } finally {
    await browser.close();
    await visit.end();
    rmSync(out, { recursive: true, force: true });
  }
});
