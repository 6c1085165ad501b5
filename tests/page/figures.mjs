// What the page costs, measured: node tests/page/figures.mjs [seconds of drawing] [seconds of latency]
//
// 1. Frames a second and milliseconds of a frame while four channels at 2 kHz run, in the guided view and in that of the
//    clinician with all signals (asked for: median of 59 frames a second, 95 % of frames within 4 ms).
// 2. From the last byte at the port to the event in the page, over ten minutes of the same (asked for: 99 % within 25 ms):
//    bytes to results as the engine times it, results to the handling in the page as the page times it on the engine's
//    clock. Events and points apart: points wait for their batch, up to 17 ms. What filters and windows delay by design
//    is in none of them and stands beside.
//
// Run `sh tests/page.sh gzipped` once before, which installs what is needed. `LEVATOR=target/release/levator` measures that
// binary. Not part of tests/all: it says what this computer can do, and who else was at work on it.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { Visit, browse, open, sleep, state, until } from "./bench.mjs";

const [drawS = 60, latencyS = 600] = process.argv.slice(2).map(Number);
const load = () => `load ${loadavg().map((one) => one.toFixed(1)).join(" ")} on ${cpus().length} cores`;
const quantile = (values, share) => [...values].sort((one, other) => one - other)[Math.min(values.length - 1, Math.floor(share * values.length))];

/** Four channels of noise that rises and falls, as a recording for the virtual probe. */
async function during(seconds, body) {
  const folder = mkdtempSync(join(tmpdir(), "levator-figures-"));
  const file = join(folder, "four.csv");
  const rows = ["time_s,a,b,c,d"];
  let seed = 1;
  const noise = () => { seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0; return seed / 2 ** 31 - 1; };
  for (let at = 0; at < 2000 * (seconds + 20); at += 1) {
    const size = Math.floor(at / 2000) % 10 < 5 ? 6 : 60;
    rows.push(`${(at / 2000).toFixed(4)},${[1, 0.3, 0.6, 0.2].map((part) => (size * part * noise()).toFixed(2))}`);
  }
  writeFileSync(file, rows.join("\n"));
  const channels = ["a", "b", "c", "d"].flatMap((name) => ["--channel", name]);
  const visit = await Visit.begin({ simulate: ["--replay", file, "--kind", "emg", "--unit", "uV", ...channels] });
  const browser = await browse();
  try {
    await body(visit, browser);
  } finally {
    await browser.close();
    await visit.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

const frames = () => during(2 * drawS + 10, async (visit, browser) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1100 } });
  await context.addInitScript(() => {
    const ask = globalThis.requestAnimationFrame.bind(globalThis);
    globalThis.frames = [];
    let last = 0;
    globalThis.requestAnimationFrame = (callback) => ask((at) => {
      const from = performance.now();
      callback(at);
      const took = performance.now() - from;
      if (at === last) globalThis.frames.at(-1).took += took;
      else globalThis.frames.push({ at, took });
      last = at;
    });
  });
  const page = await open(browser, visit.address, { context });
  await until(async () => (await state(page)).ends > 3, "a signal", 30000);
  const known = await page.evaluate(() => globalThis.levatorPage.store.channels.map((one) => one.rate_hz));
  for (const view of ["guided", "clinician, all signals"]) {
    if (view !== "guided") {
      await page.keyboard.press("g");
      await page.keyboard.press("g");
      await page.keyboard.press("r");
      await page.waitForSelector("canvas[data-signal]");
    }
    await page.evaluate(() => { globalThis.frames.length = 0; });
    await sleep(1000 * drawS);
    const seen = await page.evaluate(() => globalThis.frames.slice());
    const perSecond = new Map();
    for (const { at } of seen) perSecond.set(Math.floor(at / 1000), (perSecond.get(Math.floor(at / 1000)) ?? 0) + 1);
    const counts = [...perSecond.values()].slice(1, -1);
    const took = seen.map((one) => one.took);
    console.log(`${view}: ${known.length} channels at ${known.join(", ")} Hz, ${drawS} s: ${quantile(counts, 0.5)} frames a second (median), 5 % of seconds below ${quantile(counts, 0.05)}; a frame takes ${quantile(took, 0.5).toFixed(1)} ms (median), 95 % within ${quantile(took, 0.95).toFixed(1)} ms; ${load()}`);
  }
});

const latency = () => during(latencyS, async (visit, browser) => {
  const page = await open(browser, visit.address);
  await until(async () => (await state(page)).ends > 3, "a signal", 30000);
  // What the start of page and browser takes is another matter.
  await page.evaluate(() => globalThis.levatorPage.link.latency.forget());
  const spent = () => readFileSync(`/proc/${visit.program.pid}/stat`, "utf8").split(") ")[1].split(" ").slice(11, 13).reduce((sum, one) => sum + Number(one), 0) / 100;
  const before = spent();
  await sleep(1000 * latencyS);
  const cpu = (100 * (spent() - before)) / latencyS;
  const told = await page.evaluate(() => {
    const { link, store } = globalThis.levatorPage;
    return { ...link.latency.figures(), error: link.latency.error, results: store.state.latency_ms, delay: store.channels[0].delay_ms, channels: store.channels.length };
  });
  const words = (one) => `median ${one.p50.toFixed(1)} ms, 99 % within ${one.p99.toFixed(1)} ms, longest ${one.max.toFixed(1)} ms (${one.reads ?? one.count})`;
  console.log(`${latencyS} s, ${told.channels} channels at 2 kHz; ${load()}; the program took ${cpu.toFixed(1)} % of a core; the clocks of page and program agree within ${told.error.toFixed(1)} ms`);
  console.log(`  bytes to results:            ${words(told.results)}`);
  console.log(`  results to page, events:     ${words(told.events)}`);
  console.log(`  results to page, points:     ${words(told.points)}, the wait for the batch within`);
  console.log(`  last byte to event in the page: 99 % within ${(told.results.p99 + told.events.p99).toFixed(1)} ms (asked for: 25)`);
  console.log(`  by design, beside it: device ${told.delay.device.toFixed(1)} ms, filter ${told.delay.filter.toFixed(1)} ms, window of the envelope ${told.delay.envelope.toFixed(1)} ms`);
});

if (drawS > 0) await frames();
if (latencyS > 0) await latency();
