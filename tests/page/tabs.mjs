// Pages that are reloaded, hidden, doubled or slow, and pages of others.

import { Visit, bare, browse, check, open, programme, sleep, state, test, until } from "./bench.mjs";
import { during } from "./live.mjs";

test("a page that is loaded anew gets the last window and the state, and repeats no news", () => during({ live: programme }, async (page) => {
  await until(async () => (await state(page)).contractions >= 1, "a contraction", 25000);
  await page.keyboard.press("e");
  await until(async () => (await state(page)).marks === 1, "a mark");
  const before = await state(page);
  await page.reload();
  await page.waitForFunction(() => globalThis.levatorPage?.store.main && globalThis.levatorPage.store.cue);
  await sleep(300);
  const after = await state(page);
  check(after.begins <= 0.1 && after.ends >= before.ends, `the window is ${after.begins} to ${after.ends} s, it was at ${before.ends} s`);
  check(after.contractions === before.contractions && after.marks === 1, "what had happened is told once");
  check(after.trials.length >= before.trials.length, "repetitions are told");
  check(Math.abs(after.cue.step - before.cue.step) <= 1, "the step");
  const old = after.sounds.filter((one) => one !== "in" && one !== "out");
  check(old.length <= 1, `history was played as news: ${old}`);
  const holes = await page.evaluate(() => {
    const { main } = globalThis.levatorPage.store;
    return Array.from(main.low.subarray(0, main.end)).filter(Number.isNaN).length;
  });
  check(holes === 0, `${holes} holes in the window`);
}));

test("a page that reconnects without being loaded anew repeats no news either", () => during({ live: programme }, async (page) => {
  await until(async () => (await state(page)).contractions >= 1, "a contraction", 25000);
  const before = await state(page);
  const said = await page.evaluate(() => {
    globalThis.said = 0;
    new MutationObserver(() => { globalThis.said += 1; }).observe(document.getElementById("live-region"), { childList: true, characterData: true, subtree: true });
    globalThis.levatorPage.link.socket.close();
    return globalThis.levatorPage.sound.log.length;
  });
  await until(async () => (await state(page)).link === "open", "it is back");
  await sleep(400);
  const after = await state(page);
  const news = after.sounds.slice(said).filter((one) => one !== "in" && one !== "out");
  check(news.filter((one) => one === "lost").length <= 1, `the loss of the line was told more than once: ${news}`);
  check(news.filter((one) => one !== "lost").length <= 1, `history was played as news: ${news}`);
  check(after.contractions === before.contractions, "contractions doubled");
  check(await page.evaluate(() => globalThis.said) <= 1, "history was announced");
}));

test("a tab that another tab hides for 10 s loses no sample, and is whole again when it is back", async () => {
  const visit = await Visit.begin({ live: programme });
  const browser = await bare(visit.address);
  try {
    const now = () => browser.evaluate(`(() => { const { store } = globalThis.levatorPage ?? {}; return store?.main && {
      ends: store.main.endS, begins: store.main.begin * store.main.pointS, age: store.ageMs, missed: store.missed, frames: globalThis.levatorTrace?.count ?? 0,
      holes: Array.from({ length: store.main.end - store.main.begin }, (_, at) => store.main.low[(store.main.begin + at) % store.main.size]).filter(Number.isNaN).length,
      seen: document.visibilityState, programme: store.programmeState }; })()`);
    const before = await until(async () => { const one = await now(); return one?.ends > 2 && one.frames > 20 && one; }, "a signal");
    check(before.seen === "visible", `it is ${before.seen} at first`);
    await browser.cover();
    const covered = await until(async () => { const one = await now(); return one.seen === "hidden" && one; }, "it is hidden");
    await sleep(10000);
    const hidden = await now();
    check(hidden.seen === "hidden" && hidden.frames - covered.frames <= 2, `${hidden.frames - covered.frames} pictures were drawn for nobody, ${hidden.seen}`);
    await browser.front();
    const after = await until(async () => { const one = await now(); return one.seen === "visible" && one.age < 250 && one.frames > hidden.frames + 5 && one; }, "it is back, and draws");
    check(after.ends > before.ends + 9.5 && after.programme === "running", `${before.ends} to ${after.ends} s, ${after.programme}`);
    check(after.holes === 0 && after.missed === 0, `${after.holes} holes, ${after.missed} left out`);
    await browser.evaluate('globalThis.levatorPage.act("stop")');
    await until(() => browser.evaluate("globalThis.levatorPage.store.result !== null"), "the end", 20000);
    const [file] = visit.analyse().files;
    check(file.gaps.length === 0 && file.refusals.length === 0 && file.duration_s >= after.ends - 0.5, `${file.duration_s} s are recorded, gaps ${JSON.stringify(file.gaps)}`);
    return `hidden from ${covered.ends.toFixed(1)} to ${hidden.ends.toFixed(1)} s`;
  } finally {
    await browser.close();
    await visit.end();
  }
});

test("a tab that was frozen for 10 s has lost nothing that matters", () => during({ live: programme }, async (page, visit) => {
  await until(async () => (await state(page)).ends > 2, "a signal");
  // Frozen is what browsers do to hidden tabs at worst: no frames, no timers, no messages.
  const client = await page.context().newCDPSession(page);
  await client.send("Page.setWebLifecycleState", { state: "frozen" });
  await sleep(10000);
  await client.send("Page.setWebLifecycleState", { state: "active" });
  const after = await until(async () => { const now = await state(page); return now.ends > 11 && now.age < 250 && now; }, "the newest second", 8000);
  check(after.ends - after.begins > 9 && after.programme === "running", `${after.begins} to ${after.ends}`);
  const holes = await page.evaluate(() => {
    const { main } = globalThis.levatorPage.store;
    return Array.from({ length: main.end - main.begin }, (_, at) => main.low[(main.begin + at) % main.size]).filter(Number.isNaN).length;
  });
  check(holes === 0, `${holes} holes after it was hidden`);
  check(!visit.said.includes("panick"), visit.said);
}));

test("two tabs see the same, and each may pause for both", () => during({ live: programme }, async (page, visit, browser) => {
  await until(async () => (await state(page)).ends > 2, "a signal");
  const other = await open(browser, visit.address);
  await until(async () => (await state(other)).ends > 2, "a signal in the other");
  await other.keyboard.press(" ");
  await until(async () => (await state(page)).programme === "paused-person", "the pause is seen in the first");
  await page.keyboard.press(" ");
  await until(async () => (await state(other)).programme === "running", "and back");
  const [one, two] = await Promise.all([state(page), state(other)]);
  check(Math.abs(one.ends - two.ends) < 0.5, `${one.ends} and ${two.ends} s`);
  await other.close();
  await sleep(300);
  check((await state(page)).age < 500, "the first goes on");
}));

test("a slow tab costs the recording nothing, and memory is bounded", () => during({ live: programme }, async (page, visit) => {
  await until(async () => (await state(page)).ends > 2, "a signal");
  const before = visit.memory;
  let most = before;
  const watch = setInterval(() => { most = Math.max(most, visit.memory); }, 100);
  // Two sleeps in which the page takes nothing.
  for (let turn = 0; turn < 2; turn += 1) {
    await page.evaluate(() => { const from = performance.now(); while (performance.now() - from < 5000); });
    await sleep(300);
  }
  clearInterval(watch);
  const after = await until(async () => { const now = await state(page); return now.age < 250 && now.link === "open" && now; }, "it is back");
  check(most - before < 24, `from ${before} to ${most} MB`);
  await page.keyboard.press("Escape");
  await until(async () => (await state(page)).result, "the end");
  const [channel] = visit.analyse().files;
  check(channel.gaps.length === 0 && channel.refusals.length === 0, `gaps ${JSON.stringify(channel.gaps)}`);
  check(channel.duration_s >= after.ends - 0.5, `${channel.duration_s} s are recorded, ${after.ends} were shown`);
  return `${(most - before).toFixed(1)} MB more at most`;
}));

test("a name that was bound to this computer by others gets nothing", async () => {
  const visit = await Visit.begin({ live: programme });
  const browser = await browse(["--host-resolver-rules=MAP evil.test 127.0.0.1"]);
  try {
    const context = await browser.newContext();
    const page = await context.newPage();
    const answer = await page.goto(`http://evil.test:${visit.port}/`);
    check(answer.status() === 403, `it was answered ${answer.status()}`);
    check(!(await page.content()).includes("script"), "it was given the page");
    const told = await page.evaluate(async (port) => {
      const socket = (/** @type {string} */ host) => new Promise((done) => {
        const one = new WebSocket(`ws://${host}:${port}/live`);
        one.onopen = () => done("open");
        one.onerror = () => done("refused");
      });
      const file = await fetch(`http://evil.test:${port}/app.js`).then((one) => one.status, () => 0);
      return { ours: await socket("127.0.0.1"), theirs: await socket("evil.test"), file };
    }, visit.port);
    check(told.ours === "refused" && told.theirs === "refused" && told.file === 403, JSON.stringify(told));
    // The same browser is let in under the right name, so that it was the name that was refused.
    const right = await open(browser, visit.address);
    await until(async () => (await state(right)).ends > 0, "a signal under the right name");
  } finally {
    await browser.close();
    await visit.end();
  }
});
