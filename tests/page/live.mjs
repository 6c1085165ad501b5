// The live screen while a visit runs: the trace, the keys, the cable.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Visit, browse, check, levator, open, pictures, programme, root, sleep, state, test, until } from "./bench.mjs";

/** @param {any} options @param {(page: any, visit: Visit, browser: any) => Promise<string | void>} body */
export async function during(options, body) {
  const visit = await Visit.begin(options);
  const browser = await browse();
  try {
    const page = await open(browser, visit.address);
    const words = await body(page, visit, browser);
    check(page.errors.length === 0, `errors in the page: ${page.errors.join("; ")}`);
    return words;
  } finally {
    await browser.close();
    await visit.end();
  }
}

test("a demo opens with a moving trace and ends with what was found", () => during({ kind: "demo", live: ["--seconds", "14"] }, async (page, visit) => {
  await until(async () => (await state(page)).ends > 2, "two seconds of signal", 20000);
  check(!page.url().includes("#"), "the token stays in the address line");
  check(await page.title() === "Session", "the title of the window tells what is measured");
  const picture = await page.locator(".big canvas").screenshot();
  // How far the axis goes in a second of the page's own clock.
  const pace = await page.evaluate(() => new Promise((done) => {
    const { store } = globalThis.levatorPage;
    const [from, at] = [store.now(), performance.now()];
    setTimeout(() => done((store.now() - from) / ((performance.now() - at) / 1000)), 1000);
  }));
  check(pace > 0.8 && pace < 1.2, `now went on by ${pace} s in one`);
  check(!picture.equals(await page.locator(".big canvas").screenshot()), "the picture stands still");
  await until(async () => (await state(page)).result, "the end of the demo", 40000);
  await page.waitForSelector("table");
  check((await state(page)).contractions === 1, "one contraction in 14 s");
  check((await page.locator("main").textContent()).includes("bit for bit"), "it was read back");
  await page.close();
  check(await visit.ended === 0, "the program ends after the last page is closed");
  check(visit.said.includes("the same as live, bit for bit"), visit.said);
}));

test("the stop key ends the visit at once, without a question", () => during({ live: programme }, async (page) => {
  await until(async () => (await state(page)).ends > 1, "a signal");
  await page.evaluate(() => {
    const { store } = globalThis.levatorPage;
    addEventListener("keydown", () => { globalThis.pressedAt = performance.now(); }, { capture: true });
    store.listeners.add((message) => {
      if (message.type === "state" && message.over) globalThis.overAt ??= performance.now();
    });
  });
  await page.keyboard.press("Escape");
  const took = await until(() => page.evaluate(() => globalThis.overAt - globalThis.pressedAt || 0), "the visit is over");
  // The device is heard out for 100 ms after its last word, the page told 200 ms later at most; the rest is for a machine
  // that others use.
  check(took < 700, `it went on for ${took} ms`);
  await page.waitForSelector("text=Done");
  return `over after ${took.toFixed(0)} ms`;
}));

test("pause, next step and mark work by keyboard alone and by mouse", () => during({ live: programme }, async (page, visit) => {
  await until(async () => (await state(page)).programme === "running", "the programme runs");
  const is = (what, words) => until(async () => what(await state(page)), words);
  await page.keyboard.press("e");
  await is((now) => now.marks === 1, "a mark by its key");
  await page.keyboard.press(" ");
  await is((now) => now.programme === "paused-person", "a pause by its key");
  await page.keyboard.press(" ");
  await is((now) => now.programme === "running", "on by its key");
  const { cue } = await state(page);
  await page.keyboard.press("Enter");
  await is((now) => now.cue.step > cue.step, "the next step by its key");

  // By Tab alone: every control is reached, and each shows where one is.
  const reached = new Map();
  for (let press = 0; press < 40; press += 1) {
    await page.keyboard.press("Tab");
    const one = await page.evaluate(() => {
      const at = document.activeElement;
      if (!at || at === document.body) return null;
      const style = getComputedStyle(at);
      return { words: at.textContent, width: at.getBoundingClientRect().height, ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
    });
    if (!one) continue;
    if (reached.has(one.words)) break;
    reached.set(one.words, one);
    check(one.ring, `no visible focus on "${one.words}"`);
    check(one.width >= 44, `"${one.words}" is ${one.width} px high`);
  }
  for (const words of ["Pause", "Next step", "Mark", "Note", "Stop"]) {
    check([...reached.keys()].some((one) => one.includes(words)), `"${words}" is not reached by Tab: ${[...reached.keys()]}`);
  }
  await page.getByRole("button", { name: /^Mark/ }).focus();
  await page.keyboard.press("Enter");
  await is((now) => now.marks === 2, "a mark by Tab and Enter");

  await page.getByRole("button", { name: /^Mark/ }).click();
  await is((now) => now.marks === 3, "a mark by mouse");
  await page.getByRole("button", { name: /^Pause/ }).click();
  await is((now) => now.programme === "paused-person", "a pause by mouse");
  await page.getByRole("button", { name: /^Go on/ }).first().click();
  await is((now) => now.programme === "running", "on by mouse");
  const before = await state(page);
  await page.getByRole("button", { name: /^Next step/ }).click();
  await is((now) => now.cue.step > before.cue.step, "the next step by mouse");

  // A note, by keyboard alone; Escape in a dialogue closes it and ends nothing.
  await page.keyboard.press("n");
  await page.waitForFunction(() => document.activeElement?.id === "note");
  await page.keyboard.type("thought of <b>rain</b>");
  await page.keyboard.press("Enter");
  await is((now) => now.marks === 4, "a note");
  await page.waitForSelector("dialog[open]", { state: "detached" });
  await page.keyboard.press("?");
  await page.waitForSelector("dialog[open]");
  await page.keyboard.press("Escape");
  await page.waitForSelector("dialog[open]", { state: "detached" });
  check(!(await state(page)).over, "Escape in the list of keys ended the visit");
  // Single letters can be switched off (WCAG 2.1.4).
  await page.getByRole("button", { name: "Settings" }).click();
  await page.getByLabel("Keys of a single letter").uncheck();
  await page.getByRole("button", { name: "Live" }).click();
  await page.locator("body").press("e");
  await sleep(400);
  check((await state(page)).marks === 4, "a letter works although letters are off");
  await page.getByRole("button", { name: /^Stop/ }).click();
  await is((now) => now.result, "the end by mouse");
  const events = readFileSync(join(visit.out, "events.tsv"), "utf8");
  check(events.includes("thought of <b>rain</b>"), `the note is not in the recording:\n${events}`);
}));

test("lifting and letting go are praised alike, each in its time, and repetitions are counted", () => during({ live: programme }, async (page) => {
  await page.evaluate(() => {
    const { store } = globalThis.levatorPage;
    globalThis.praises = [];
    let last = "";
    const look = () => {
      const words = document.querySelector(".praise")?.textContent ?? "";
      if (words !== last) globalThis.praises.push({ words, at: store.now(), part: store.cue?.part, began: store.cue?.starts_s, on: performance.now() });
      last = words;
      requestAnimationFrame(look);
    };
    look();
  });
  await until(() => page.evaluate(() => globalThis.praises.length >= 4 || globalThis.levatorPage.store.cue?.step >= 3), "two praises", 45000);
  const praises = await page.evaluate(() => globalThis.praises);
  const of = (words) => praises.findIndex((one) => one.words === words);
  const [down, up] = [of("Well let go"), of("Well lifted")];
  check(down >= 0 && up >= 0, `praised: ${JSON.stringify(praises)}`);
  check(praises[down].part === "rest" && praises[down].at - praises[down].began < 3, `letting go was praised ${praises[down].at - praises[down].began} s into ${praises[down].part}`);
  const lasted = [down, up].map((at) => (praises[at + 1]?.on ?? praises[at].on + 2000) - praises[at].on);
  check(lasted.every((ms) => ms > 1500 && ms < 3500), `they were seen for ${lasted} ms`);
  const side = await page.locator(".task").textContent();
  check(/1 of 8, 7 to go|2 of 8, 6 to go/.test(side) && /lifted: 1 of 1/.test(side), side);
}));

/** Pixels of the colour of the trace, in a picture. */
const traced = (page, which = ".big canvas") => page.evaluate((which) => {
  const canvas = document.querySelector(which);
  const probe = new OffscreenCanvas(1, 1).getContext("2d");
  probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--trace").trim();
  probe.fillRect(0, 0, 1, 1);
  const want = probe.getImageData(0, 0, 1, 1).data;
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 250 && Math.abs(data[at] - want[0]) + Math.abs(data[at + 1] - want[1]) + Math.abs(data[at + 2] - want[2]) < 9) count += 1;
  return count;
}, which);

test("who treats sees every signal as it came, on request, and it is that of the recording", () => during({}, async (page, visit) => {
  await until(async () => (await state(page)).ends > 3, "a signal", 20000);
  await page.keyboard.press("r");
  check(await page.locator("canvas[data-signal]").count() === 0, "in the guided view nobody asked for it");
  const mode = (name) => page.evaluate(async (mode) => (await import("./ui.js")).keep({ mode }), name);
  await mode("clinician");
  await page.getByRole("button", { name: /^Raw signal/ }).click();
  await page.waitForSelector("canvas[data-signal]");
  const channels = await page.evaluate(() => globalThis.levatorPage.store.channels.length);
  check(await page.locator("canvas[data-signal]").count() === channels, `a lane for each of ${channels} channels`);
  await until(async () => await traced(page, "canvas[data-signal]") > 300, "it is drawn");
  // What was before the page was opened is there at once, and the choice is kept.
  await page.reload();
  await page.waitForSelector("canvas[data-signal]");
  await until(async () => (await state(page)).ends > 4, "more of it");
  const seen = await page.evaluate(() => {
    const ring = globalThis.levatorPage.store.main;
    const points = [];
    for (let point = Math.max(ring.begin, ring.end - 600); point < ring.end - 100; point += 1) {
      const at = point % ring.size;
      points.push({ first: point * ring.step, low: ring.signalLow[at], high: ring.signalHigh[at], level: ring.low[at] });
    }
    return { points, step: ring.step };
  });
  check(seen.points.length >= 300, `${seen.points.length} points`);
  check(seen.points.some((one) => one.low < 0) && seen.points.every((one) => one.level >= 0), "a signal swings about zero, its envelope does not");
  await page.keyboard.press("r");
  await page.waitForSelector("canvas[data-signal]", { state: "detached" });
  await page.keyboard.press("Escape");
  await until(async () => (await state(page)).result, "the end", 20000);
  const table = join(visit.folder, "all.csv");
  execFileSync(levator, ["export", visit.out, "--to", "csv", "--out", table]);
  const values = readFileSync(table, "utf8").trim().split("\n").slice(1).map((row) => Number(row.split(",")[1]));
  const base = JSON.parse(readFileSync(join(visit.out, "visit.json"), "utf8")).signals[0].first_index;
  for (const { first, low, high } of seen.points) {
    const here = values.slice(first - base, first - base + seen.step);
    const near = (one, other) => Math.abs(one - other) <= 1e-4 * Math.max(1, Math.abs(other));
    check(here.length === seen.step && near(low, Math.min(...here)) && near(high, Math.max(...here)), `sample ${first}: ${low} to ${high}, recorded are ${here}`);
  }
  const { latency } = JSON.parse(readFileSync(join(visit.out, "visit.json"), "utf8"));
  check(latency.bytes_to_results.count > 100 && latency.points_to_page.count > 20 && latency.points_to_page.p99_ms >= latency.points_to_page.p50_ms, `latency in the recording: ${JSON.stringify(latency)}`);
  check(latency.events_to_page === null || latency.events_to_page.count < latency.points_to_page.count, "events are counted apart");
  check(latency.delay[0].filter_ms > 0 && latency.delay[0].envelope_ms > 0, JSON.stringify(latency.delay));
}));

test("a ring breathes where there is a pace, and a repetition without feedback is shown afterwards", () => during({ live: ["--programme", join(root, "tests/page/quiet.toml")] }, async (page) => {
  await page.waitForSelector(".ring text");
  await until(async () => (await state(page)).now > 1, "a signal");
  const breaths = await page.evaluate(() => new Promise((done) => {
    const seen = [];
    const from = performance.now();
    const timer = setInterval(() => {
      const ring = document.querySelector(".ring circle:not(.back)");
      const words = document.querySelector(".ring text")?.textContent;
      if (/^(in|out|hold)$/.test(words ?? "")) seen.push({ radius: Number(ring.getAttribute("r")), words });
      if (performance.now() - from > 2200) { clearInterval(timer); done(seen); }
    }, 50);
  }));
  const radii = breaths.map((one) => one.radius);
  check(Math.max(...radii) - Math.min(...radii) > 15, `the ring has radii of ${Math.min(...radii)} to ${Math.max(...radii)}`);
  check(new Set(breaths.map((one) => one.words)).size > 1, "in and out are said");
  check(await traced(page) > 300, "the trace is there before");
  await until(async () => { const { cue, now } = await state(page); return cue?.part === "work" && cue.step === 1 && now > cue.starts_s + 1.5; }, "the lift", 40000);
  await sleep(400);
  check(await traced(page) < 60, `the trace is seen in a repetition without feedback (${await traced(page)} pixels)`);
  check(await page.locator(".level .value").textContent() === "···", "the level is told");
  check((await page.locator(".task").textContent()).includes("shown afterwards"), "it is said that it is shown afterwards");
  // The rest belongs to the repetition; praise and marks would tell of the signal, too.
  await until(async () => { const { cue, now } = await state(page); return cue?.part === "rest" && now > cue.starts_s + 3; }, "some of the rest after it", 30000);
  const early = { pixels: await traced(page), praise: await page.locator(".praise").allTextContents(), at: await state(page) };
  check(early.at.cue.step > 2 || (early.pixels < 60 && early.praise.length === 0), `something is told before the repetition is over: ${JSON.stringify(early)}`);
  const marks = await page.locator(".task").textContent();
  check(!/lifted/.test(marks) || (await state(page)).cue.step > 2, `its mark is told before it is over: ${marks}`);
  await until(async () => (await state(page)).cue?.step >= 3, "the next repetition", 20000);
  await until(async () => await traced(page) > 300, "the trace is shown afterwards");
  await until(async () => /lifted: \d of 1/.test(await page.locator(".task").textContent()), "its mark is told afterwards");
}));

test("a pulled cable is seen in 250 ms, stops the clock, beeps twice once, and the repetition is done again", () => during({ live: programme }, async (page, visit) => {
  // Until the first lift is half over.
  await until(async () => { const { cue, now } = await state(page); return cue?.part === "work" && cue.step === 1 && now > cue.starts_s + 0.5; }, "the first lift", 20000);
  await page.evaluate(() => {
    const { store, sound } = globalThis.levatorPage;
    globalThis.cues = [];
    store.listeners.add((message) => { if (["cue", "ended", "suspended", "resumed"].includes(message.type)) globalThis.cues.push({ ...message.cue, what: message.type, outcome: message.outcome, at: message.at_s }); });
    const seen = globalThis.seen = { dim: 0, said: 0, beep: 0, overlay: 0, paused: 0 };
    const look = () => {
      const age = store.ageMs;
      if (!seen.dim && document.querySelector(".stage").classList.contains("stale")) seen.dim = age;
      if (!seen.said && document.querySelector(".level .unit").textContent === "not live") seen.said = age;
      if (!seen.overlay && document.querySelector('[role="alert"]')?.textContent.includes("Signal lost")) seen.overlay = age;
      if (!seen.beep && sound.log.some((one) => one.what === "lost")) seen.beep = age;
      if (!seen.paused && store.programmeState === "paused-gap") seen.paused = age;
      requestAnimationFrame(look);
    };
    look();
  });
  await visit.unplug();
  await until(() => page.evaluate(() => Object.values(globalThis.seen).every(Boolean)), "dimmed, said, beeped, paused", 8000)
    .catch(async (error) => { throw new Error(`${error.message}: ${JSON.stringify(await page.evaluate(() => globalThis.seen))} ${JSON.stringify(await state(page))}`); });
  const seen = await page.evaluate(() => globalThis.seen);
  // Each bound is when it is due, plus how often that is looked at, plus 200 ms for a machine that others use.
  check(seen.dim >= 250 && seen.dim < 450, `dimmed after ${seen.dim} ms: looked at in every picture`);
  check(seen.said >= 250 && seen.said < 700, `called not live after ${seen.said} ms: words change four times a second`);
  check(seen.beep >= 1000 && seen.beep < 1230, `beeped after ${seen.beep} ms: looked at every 30 ms`);
  // The program counts from its last sample, which the page had later: that it is a second is tested on the recording.
  check(seen.paused >= 500 && seen.paused < 1250, `the programme was said to stand still after ${seen.paused} ms: looked at every 50 ms`);
  check(seen.overlay >= 1000 && seen.overlay < 1460, `told after ${seen.overlay} ms: with the next state, five a second, drawn 60 ms later`);
  const standing = (await page.locator('[role="alert"]').textContent());
  check(standing.includes("The programme waits"), standing);
  const opacity = await page.evaluate(() => getComputedStyle(document.querySelector(".level .value")).opacity);
  check(Number(opacity) < 0.7, `the stale value has an opacity of ${opacity}`);
  await page.screenshot({ path: join(pictures, "live-lost-dark.png") });
  // The programme runs on the axis of the signal: without samples neither it nor its count goes on.
  const stands = await state(page);
  await sleep(1500);
  const still = await state(page);
  check(still.now === stands.now && still.cue.step === stands.cue.step, `the programme went on from ${stands.now} to ${still.now} s without a signal`);
  await visit.plug();
  await until(async () => { const now = await state(page); return now.programme === "running" && now.age < 250; }, "it goes on by itself", 20000);
  const { step, attempt } = stands.cue;
  await until(() => page.evaluate(([step, attempt]) => globalThis.cues.some((one) => one.what === "cue" && one.step === step && one.part !== "recovery" && one.attempt === attempt + 1), [step, attempt]), "what was interrupted is done again", 30000)
    .catch(async (error) => { throw new Error(`${error.message}: step ${step}, attempt ${attempt}, at ${stands.now} s; then ${JSON.stringify(await page.evaluate(() => globalThis.cues))}`); });
  const { sounds, trials } = await state(page);
  check(sounds.filter((one) => one === "lost").length === 1, `lost was played ${sounds.filter((one) => one === "lost").length} times`);
  check(!trials.some((one) => one.step === step && one.attempt === attempt && one.success === true), "a repetition with a gap was scored");
  return Object.entries(seen).map(([what, ms]) => `${what} ${ms.toFixed(0)} ms`).join(", ");
}));
