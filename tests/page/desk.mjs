// Whole guided visits, from the choice of a person to the plan for the next time: by mouse and by keyboard alone, in
// several languages, on virtual people who are weak, tight, and both.

import { createHash } from "node:crypto";
import { copyFileSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Visit, asked, browse, check, open, pictures, root, state, test, until } from "./bench.mjs";
import { Keys, Mouse } from "./guests.mjs";
import { SIZES, axed, crowded, stretch } from "./looks.mjs";
import { keep } from "./screens.mjs";

/** Long enough for an answer, and no longer. */
const SHORT = ["--programme", join(root, "tests/page/visit.toml")];
const NAME = "Short test visit";

/** From the choice of somebody virtual to their signal. @param {any} guest */
async function connect(guest, { who, person, programme = NAME, position = "lying" }) {
  await guest.sees("connect.title");
  await guest.press("radio", new RegExp(guest.t("connect.virtual")));
  await guest.choose(guest.t("connect.condition"), guest.t(`virtual.${who}`));
  if (programme) await guest.choose(guest.t("connect.programme"), programme);
  await guest.choose(guest.t("connect.position"), guest.t(`position.${position}`));
  if (person) await guest.type("combobox", guest.t("connect.person"), person);
  await guest.look?.("connect");
  await guest.press("button", guest.t("connect.check"));
}

/** The signal, and what makes it comfortable. @param {any} guest */
async function prepare(guest) {
  await guest.sees("check.signal.title");
  await guest.page.getByText(guest.t("check.clean")).waitFor({ timeout: 30000 });
  for (const role of ["pelvic-emg", "abdominal-emg"]) await guest.page.getByRole("region", { name: guest.t(`role.${role}`) }).getByText(guest.t("verdict.clean"), { exact: true }).waitFor();
  await guest.look?.("check");
  await guest.press("button", guest.t("check.go"));
  await guest.sees("comfort.title");
  await guest.look?.("comfort");
  await guest.press("button", guest.t("comfort.go"));
  await guest.sees("questions.title");
}

/** Nothing of what is asked applies. @param {any} guest */
async function begin(guest, { twice = false } = {}) {
  const go = guest.find("button", guest.t("questions.begin"));
  check(await go.isDisabled(), "it may begin without an answer to the questions");
  await guest.press("checkbox", guest.t("questions.none"));
  await guest.look?.("questions");
  if (twice) await go.dblclick();
  else await guest.press("button", guest.t("questions.begin"));
  await until(async () => (await state(guest.page)).programme === "running", "the visit runs", 20000);
}

/** Until the programme is over and the visit is finished; its folder. @param {any} guest */
async function finish(guest) {
  await guest.page.getByRole("heading", { level: 2, name: guest.t("over.title"), exact: true }).waitFor({ timeout: 120000 });
  check(await guest.find("button", /^(Pause|Next)/).count() === 0, "there is a next step after the last");
  await guest.look?.("over");
  await guest.press("button", new RegExp(`^${guest.t("act.finish")}`));
  return ended(guest);
}

/** What is said of a visit that has ended; its folder. @param {any} guest */
async function ended(guest) {
  await guest.sees("done.title", 30000);
  const told = await guest.page.locator("p", { hasText: new RegExp(guest.t("done.saved").replace("{folder}", ".*")) }).innerText({ timeout: 20000 });
  await guest.page.locator(".verdict h2").waitFor({ timeout: 60000 });
  return /\/\S+(?=;)/.exec(told)[0];
}

/** What stands on the screen is what the files say to who asks them. */
async function holds(guest, folder, { label, gate }) {
  const verified = asked(["verify", folder]);
  check(verified.code === 0, `verify: ${verified.out}${verified.err}`);
  const lang = await guest.page.evaluate(() => document.documentElement.lang);
  const report = JSON.parse(asked(["report", folder, "--format", "json", "--lang", lang]).out);
  const { assessment } = report;
  check(assessment.label === label && assessment.gate === gate, `it is ${assessment.label}, ${assessment.gate}, not ${label}, ${gate}`);
  const flat = (text) => text.replace(/\s+/g, " ");
  const text = flat(report.text);
  const section = guest.page.locator(".verdict");
  check((await section.getAttribute("class")).split(" ").includes(gate), `the gate on the screen is ${await section.getAttribute("class")}`);
  for (const one of await section.locator("h2, p:not(.soft)").allInnerTexts()) check(text.includes(flat(one)), `the report does not say "${one}":\n${report.text}`);
  const cards = await guest.page.locator("section.figure").allInnerTexts();
  check(cards.length === 3, `${cards.length} numbers`);
  for (const value of await guest.page.locator("section.figure .value").allInnerTexts()) check(text.includes(flat(value)), `the report does not say "${value}":\n${report.text}`);
  return report;
}

/** A visit among all, looked at again: two contractions changed, a note; the recording stays as it is. @param {any} guest */
async function review(guest, folder, { person }) {
  const journal = () => createHash("sha256").update(readFileSync(join(folder, "raw.journal"))).digest("hex");
  const before = journal();
  await guest.visit("review");
  await guest.sees("review.title");
  await guest.page.getByRole("row").filter({ hasText: person }).first().waitFor();
  await guest.look?.("review");
  // The newest stands first.
  await guest.press("button", new RegExp(`^${guest.t("review.open.of").replace("{date}", ".*")}`), true);
  await guest.sees("review.visit");
  const counted = async () => Number(/^\d+/.exec(await guest.page.locator('p[role="status"] b').innerText())[0]);
  const count = await counted();
  check(count >= 3, `${count} contractions were found`);
  await guest.mark();
  await guest.press("button", guest.t("review.add"));
  await until(async () => await counted() === count + 1, "one more that counts");
  await guest.press("button", guest.t("review.reject.of", { number: 2 }));
  await guest.find("button", guest.t("review.restore.of", { number: 2 })).waitFor();
  await until(async () => await counted() === count, "one that counts no more");
  await guest.type("textbox", guest.t("review.note"), "moved the leg");
  await guest.press("button", guest.t("act.keep"));
  await guest.page.getByRole("listitem").filter({ hasText: "moved the leg" }).waitFor();
  const { edits } = JSON.parse(readFileSync(join(folder, "edits.json"), "utf8"));
  check(edits.map((one) => one.what).join() === "add,reject,note", JSON.stringify(edits));
  check(journal() === before, "the recording was changed");
  check(asked(["verify", folder]).code === 0, "it does not verify after changes");
  return edits;
}

/** The report opens in a page of its own, says the same, and runs nothing. @param {any} guest */
async function paper(guest, verdict) {
  const opened = guest.page.context().waitForEvent("page");
  await guest.press("button", guest.t("report.person"));
  const report = await opened;
  await report.waitForLoadState();
  check((await report.innerText("body")).replace(/\s+/g, " ").includes(verdict.replace(/\s+/g, " ")), "the report says something else");
  check(await report.locator("script").count() === 0, "the report runs something");
  await report.close();
  await guest.find("link", guest.t("report.person.link")).waitFor();
}

/** What is open to somebody. @param {any} guest */
async function planned(guest, person, programme) {
  await guest.visit("plan");
  await guest.sees("plan.title");
  if (person) await guest.choose(guest.t("plan.whose"), person);
  const card = guest.page.locator("section.card").filter({ has: guest.page.getByRole("heading", { level: 2, name: guest.t(`programme.${programme}`), exact: true }) });
  await card.waitFor({ timeout: 30000 });
  await guest.page.getByText(guest.t(person ? "plan.by" : "plan.no-code")).waitFor({ timeout: 30000 });
  const words = (await card.innerText()).replace(/\s+/g, " ");
  const choice = guest.find("button", guest.t("plan.choose.of", { name: guest.t(`programme.${programme}`) }));
  return { words, may: await choice.count() === 1 };
}

/** Ways to mark a stretch: dragging, or the fields. */
Mouse.prototype.mark = async function mark() {
  const chart = this.page.locator("canvas.chart");
  await chart.scrollIntoViewIfNeeded();
  const box = await chart.boundingBox();
  const name = await chart.getAttribute("aria-label");
  await this.page.mouse.move(box.x + box.width * 0.1, box.y + 60);
  await this.page.mouse.down();
  await this.page.mouse.move(box.x + box.width * 0.13, box.y + 60, { steps: 4 });
  await this.page.mouse.up();
  const field = this.find("spinbutton", this.t("review.from"));
  await until(async () => Number(await field.inputValue()) > 1, "the stretch that was marked");
  // The wheel brings it closer.
  await this.page.mouse.wheel(0, -300);
  await until(async () => await chart.getAttribute("aria-label") !== name, "the stretch is closer");
};
Keys.prototype.mark = async function mark() {
  const chart = this.page.locator("canvas.chart");
  const name = await chart.getAttribute("aria-label");
  await this.reach(chart, "the trace");
  await this.page.keyboard.press("ArrowUp");
  await until(async () => await chart.getAttribute("aria-label") !== name, "the stretch is closer");
  await this.type("spinbutton", this.t("review.from"), "5.5");
  await this.type("spinbutton", this.t("review.to"), "7.25");
};

/** A program, a browser's window on it, and who is at it. */
async function guest(browser, visit, Kind, options = {}) {
  // With less movement a picture costs less: there are five at once.
  const page = await open(browser, visit.address, { reducedMotion: "reduce", ...options });
  const one = new Kind(page);
  page.setDefaultTimeout(20000);
  await page.waitForSelector("h1");
  await one.learn();
  return one;
}

/** A visit of somebody tight, as if it had been recorded elsewhere. @param {Visit} visit @param {string} person */
function kept(visit, person) {
  const made = join(visit.folder, "made");
  const told = asked(["simulate-visit", "--condition", "hypertonic", "--device", "camtech+abdomen", "--seed", "2", "--programme", "first-visit", "--out", made]);
  check(told.code === 0, told.err);
  const taken = asked(["import", join(made, "visit.csv"), "--person", person, "--programme", "first-visit", "--data", visit.data, "--json"]);
  check(taken.code === 0, taken.err);
  copyFileSync(join(made, "told.toml"), join(JSON.parse(taken.out).visits[0].folder, "told.toml"));
}

/** The text of something that may be reported, as the page asks for it. @param {any} guest @param {string} id */
const symptom = (guest, id) => guest.page.evaluate(async (id) => {
  const { told } = await globalThis.levatorPage.desk.ask("hello");
  return told.symptoms.find((one) => one.id === id).text;
}, id);

/** Weak, by mouse: strengthening opens, is begun and stopped; then the same visit again, and progress. */
async function weak(browser, visit, faults) {
  const who = await guest(browser, visit, Mouse, { bypassCSP: true, reducedMotion: "no-preference" });
  who.look = async (name) => faults.push(...await axed(who.page, `desk-${name}`, { fullPage: ["connect", "questions", "weak"].includes(name) }));
  let plan = await planned(who, null, "strengthening-lying");
  check(!plan.may && plan.words.includes(who.t("opening.closed")), `strengthening is open to nobody in particular: ${plan.words}`);
  // Where there is nothing yet, it is said so.
  await who.visit("review");
  await who.page.getByText(who.t("review.none")).waitFor();
  await who.visit("progress");
  await who.page.getByText(who.t("progress.nobody")).waitFor();
  await who.visit("connect");
  await connect(who, { who: "weak", person: "W-1" });
  await prepare(who);
  await begin(who, { twice: true });
  await until(async () => (await state(who.page)).cue?.step >= 3, "the second lift", 90000);
  await who.press("button", /^Mark/);
  const folder = await finish(who);
  check(folder.includes("W-1") && readdirSync(dirname(folder)).filter((name) => /^\d/.test(name)).length === 1, `a click too many began another visit beside ${folder}`);
  await who.look("weak");
  await holds(who, folder, { label: "weak", gate: "green" });
  await paper(who, await who.page.locator(".verdict h2").innerText());
  await review(who, folder, { person: "W-1" });
  await who.page.mouse.move(5, 5);
  await who.page.evaluate(() => scrollTo(0, 0));
  await who.look("visit");
  plan = await planned(who, "W-1", "strengthening-lying");
  await who.look("plan");
  check(plan.may && plan.words.includes(who.t("opening.open")), `strengthening is closed to who is weak: ${plan.words}`);
  // It is begun, and stopped: whoever stops has a reason.
  who.look = undefined;
  await who.press("button", who.t("plan.choose.of", { name: who.t("programme.strengthening-lying") }));
  check(await who.find("combobox", who.t("connect.person")).inputValue() === "W-1", "whose plan it was is forgotten");
  await connect(who, { who: "weak", programme: null });
  await prepare(who);
  await begin(who);
  await until(async () => (await state(who.page)).ends > 3, "a signal", 20000);
  await who.press("button", /^Stop/);
  await ended(who);
  check((await who.reads()).includes(who.t("person.headline-insufficient-data")), "a visit of seconds says something");
  // It shows too little, and takes back nothing.
  plan = await planned(who, "W-1", "strengthening-lying");
  check(plan.may, `a visit of seconds closed strengthening: ${plan.words}`);
  return "weak: strengthening is open";
}

/** A visit of somebody before the one that is looked at, in a program of its own on the same people; its folder. */
async function earlier(browser, data, { who, person }) {
  const visit = await Visit.begin({ kind: "desk", live: SHORT, data });
  try {
    const one = await guest(browser, visit, Mouse);
    await connect(one, { who, person });
    await prepare(one);
    await begin(one);
    return await finish(one);
  } finally {
    await visit.end();
  }
}

/** Tight, by keyboard alone, in German: strengthening is closed, and the reason is said. */
async function tight(browser, visit, faults) {
  const before = earlier(browser, visit.data, { who: "hypertonic", person: "T-1" });
  // It is waited for below; until then nobody looks after it.
  before.catch(() => {});
  const who = await guest(browser, visit, Keys, { locale: "de-DE", bypassCSP: true });
  check(await who.page.evaluate(() => document.documentElement.lang) === "de", "the page does not speak the language of the browser");
  await who.around("connect");
  await connect(who, { who: "hypertonic", person: "T-1" });
  await prepare(who);
  await who.find("checkbox", who.t("questions.none")).waitFor();
  await who.around("questions");
  await begin(who);
  await who.around("live");
  await who.page.keyboard.press("e");
  await until(async () => (await state(who.page)).marks === 1, "a mark by its key");
  const folder = await finish(who);
  await who.around("done");
  await who.page.evaluate(() => scrollTo(0, 0));
  faults.push(...await axed(who.page, "desk-tight"));
  const report = await holds(who, folder, { label: "hypertonic", gate: "red" });
  const words = await who.reads();
  const because = who.t("done.because", { list: "" });
  const reasons = (await who.page.locator(".verdict .soft").innerText()).slice(because.length).split("; ");
  check(words.includes(who.t("person.training-red")) && reasons.length === report.assessment.gate_reasons.length, `it is not said why: ${words}`);
  await paper(who, await who.page.locator(".verdict h2").innerText());
  await review(who, folder, { person: "T-1" });
  await who.around("review");
  const plan = await planned(who, "T-1", "strengthening-lying");
  check(!plan.may && plan.words.includes(who.t("opening.closed")) && reasons.every((one) => plan.words.includes(one)), `strengthening is open to who is tight, or it is not said why not: ${plan.words}`);
  await who.around("plan");
  // With their earlier visit: what has become of them, and what is said of it.
  const other = await before;
  await who.visit("progress");
  await who.choose(who.t("plan.whose"), "T-1");
  const shown = who.page.frameLocator("iframe").locator("body");
  const told = asked(["progress", "T-1", "--data", visit.data, "--lang", "de", "--format", "json"]);
  check(told.code === 0, told.err);
  const { series } = JSON.parse(told.out);
  const both = series.filter((one) => one.files.length === 2);
  check(both.length === 1 && [folder, other].every((one) => both[0].files.some((file) => one.endsWith(file))), told.out.slice(0, 3000));
  const trends = both[0].measures.map((one) => one.since_first?.trend);
  check(trends.length >= 3 && trends.every((one) => one === "not-detectable"), `twice the same visit has changed: ${trends}`);
  const said = (await shown.innerText({ timeout: 60000 })).replace(/\s+/g, " ");
  check(said.includes(who.t("trend.not-detectable")) && reasons.every((one) => said.includes(one)), said);
  faults.push(...await axed(who.page, "desk-progress"));
  // Nor can it be begun by who chooses it all the same.
  await who.visit("done");
  await who.press("button", who.t("done.again"));
  await connect(who, { who: "hypertonic", person: "T-1", programme: who.t("programme.strengthening-lying") });
  await prepare(who);
  await who.press("checkbox", who.t("questions.none"));
  await who.press("button", who.t("questions.begin"));
  const alert = who.page.getByRole("alert");
  await alert.getByText(who.t("questions.closed", { name: who.t("programme.strengthening-lying") })).waitFor();
  const refused = await alert.innerText();
  check(reasons.every((one) => refused.includes(one)), `no reason: ${refused}`);
  await who.press("button", who.t("questions.other"));
  await who.sees("connect.title");
  check((await asked(["verify", folder])).code === 0 && report.assessment.label === "hypertonic", "it changed");
  return "tight: closed, and why";
}

/** Tight and weak, in Spanish. First with signs that somebody should look at. */
async function mixed(browser, visit, faults) {
  const who = await guest(browser, visit, Mouse, { locale: "es-ES", bypassCSP: true });
  await connect(who, { who: "tight-and-weak", person: null });
  await prepare(who);
  const alert = who.page.getByRole("alert");
  for (const [id, headline] of [["saddle-numbness", "urgent"], ["wound", "no-probe"], ["chronic-pelvic-pain", "refer"]]) {
    const text = await symptom(who, id);
    await who.press("checkbox", text);
    await who.press("button", who.t("questions.begin"));
    await alert.getByRole("heading", { name: who.t(`person.headline-${headline}`) }).waitFor();
    const words = await alert.innerText();
    check(words.includes(text) && words.includes(who.t("person.training-refer")), `${id}: ${words}`);
    check(await who.find("button", who.t("questions.begin-with-care")).count() === 0, `with ${id} a programme is offered`);
    check(await alert.evaluate((one) => one.contains(document.activeElement)), `${id}: what is said is not where one is`);
    if (id === "chronic-pelvic-pain") faults.push(...await axed(who.page, "desk-refer", { fullPage: true }));
    await who.press("checkbox", text);
  }
  check(readdirSync(visit.out).length === 0, "something was recorded of who should see somebody");
  await begin(who);
  const folder = await finish(who);
  check(folder.startsWith(visit.out), folder);
  faults.push(...await axed(who.page, "desk-mixed", { fullPage: true }));
  await holds(who, folder, { label: "mixed", gate: "red" });
  check((await who.reads()).includes(who.t("person.headline-mixed").replace(/\s+/g, " ")), "the answer");
  const plan = await planned(who, null, "strengthening-lying");
  check(!plan.may, `strengthening is open: ${plan.words}`);
  return "tight and weak: closed";
}

/** A probe on a port of its own: measured without a programme. */
async function plugged(browser, visit) {
  await visit.plug();
  const who = await guest(browser, visit, Mouse);
  await who.sees("connect.title");
  await who.press("radio", who.t("connect.other"));
  await who.type("textbox", who.t("connect.port"), "/dev/nothing-here");
  await who.choose(who.t("connect.programme"), who.t("connect.free"));
  await who.press("button", who.t("connect.check"));
  await who.page.getByRole("alert").getByText("nothing-here").waitFor();
  await who.type("textbox", who.t("connect.port"), join(visit.folder, "probe"));
  await who.press("button", who.t("connect.check"));
  await prepare(who);
  const leaks = await symptom(who, "leakage");
  await who.press("checkbox", leaks);
  await who.press("button", who.t("questions.begin"));
  await until(() => who.page.evaluate(() => { const { store } = globalThis.levatorPage; return store.scene?.recorded && store.contractions.length >= 1; }), "a contraction", 40000);
  await who.press("button", /^Note/);
  await who.type("textbox", who.t("note.title"), "a cough");
  await who.press("button", who.t("act.keep"));
  await until(async () => (await state(who.page)).marks === 1, "a note");
  await who.press("button", /^Stop/);
  await who.sees("done.title", 30000);
  await who.page.getByText(who.t("done.not-asked")).waitFor({ timeout: 30000 });
  const [name] = readdirSync(visit.out);
  const folder = join(visit.out, name);
  check(asked(["verify", folder]).code === 0, "it does not verify");
  const { files: [file] } = JSON.parse(asked(["analyse", "--json", folder]).out);
  check(file.gaps.length === 0 && file.contractions.length >= 1, JSON.stringify(file.gaps));
  check(readFileSync(join(folder, "told.toml"), "utf8").includes("leakage"), "what was reported is not kept");
  check(readFileSync(join(folder, "events.tsv"), "utf8").includes("a cough"), "the note is not kept");
  return "a probe on a port";
}

test("guided visits of who is weak, tight, and both, by mouse and by keyboard alone", async () => {
  const browser = await browse();
  const faults = [];
  const since = Date.now();
  /** Each with a program of their own, all at once: a visit cannot be hurried. */
  const lives = async (visitor, options = {}) => {
    const visit = await Visit.begin({ kind: "desk", live: SHORT, ...options });
    try {
      return `${await visitor(browser, visit, faults)} (${((Date.now() - since) / 1000).toFixed(0)} s)`;
    } catch (error) {
      error.message += `\n${visit.said.slice(-2000)}`;
      throw error;
    } finally {
      await visit.end();
    }
  };
  try {
    const all = await Promise.allSettled([lives(weak), lives(tight), lives(mixed), lives(plugged, { live: ["--role", "0.0=pelvic-emg", "--role", "0.1=abdominal-emg"] })]);
    const failed = all.filter((one) => one.status === "rejected");
    if (failed.length > 0) throw new Error(failed.map((one) => one.reason.stack).join("\n"));
    check(faults.length === 0, faults.join("\n"));
    return all.map((one) => one.value).join("; ");
  } finally {
    await browser.close();
  }
});

test("screens before and after a visit hold longer words, large type, the other direction and small windows", async () => {
  const visit = await Visit.begin({ kind: "desk" });
  const browser = await browse();
  try {
    kept(visit, "L-1");
    const faults = [];
    const context = await browser.newContext({ viewport: { width: 1280, height: 760 }, colorScheme: "dark", bypassCSP: true });
    await stretch(context);
    const who = await guest(browser, visit, Mouse, { context });
    const { page } = who;
    const fits = async (name) => {
      for (const { width, height, large } of SIZES) {
        await page.setViewportSize({ width, height });
        await keep(page, { large });
        for (const direction of ["ltr", "rtl"]) {
          await page.evaluate((direction) => { document.documentElement.dir = direction; }, direction);
          await page.waitForTimeout(120);
          for (const one of await crowded(page)) faults.push(`${width}${large ? " large" : ""} ${direction} ${name}: ${one}`);
          if (direction === "rtl" && width === 390) await page.screenshot({ path: join(pictures, `desk-long-${name}.png`), fullPage: true });
        }
      }
      await page.setViewportSize({ width: 1280, height: 760 });
      await page.evaluate(() => { document.documentElement.dir = "ltr"; });
      await keep(page, { large: false });
    };
    await who.sees("connect.title");
    await who.press("radio", who.t("connect.other"));
    await who.type("textbox", who.t("connect.port"), "/dev/serial/by-id/usb-nothing-here-0001-if00-port0");
    await who.press("button", who.t("connect.check"));
    await page.getByRole("alert").getByText("nothing-here").waitFor();
    await fits("connect");
    await who.visit("review");
    await who.find("button", new RegExp(`^${who.t("review.open.of").replace("{date}", ".*")}`)).waitFor();
    await fits("review");
    await who.press("button", new RegExp(`^${who.t("review.open.of").replace("{date}", ".*")}`));
    await page.locator(".verdict h2").waitFor({ timeout: 60000 });
    await page.locator("details").evaluateAll((all) => all.forEach((one) => { one.open = true; }));
    await fits("visit");
    await planned(who, "L-1", "strengthening-lying");
    await page.locator("details").evaluateAll((all) => all.slice(0, 3).forEach((one) => { one.open = true; }));
    await fits("plan");
    await who.visit("progress");
    await who.choose(who.t("plan.whose"), "L-1");
    await page.locator("iframe").waitFor({ timeout: 30000 });
    await fits("progress");
    await who.visit("settings");
    await fits("settings");
    await who.visit("connect");
    await connect(who, { who: "tight-and-weak", person: "L-1", programme: who.t("programme.strengthening-lying") });
    await who.sees("check.signal.title");
    await page.getByText(who.t("check.clean")).waitFor({ timeout: 30000 });
    await fits("check");
    await who.press("button", who.t("check.go"));
    await fits("comfort");
    await who.press("button", who.t("comfort.go"));
    await who.sees("questions.title");
    await fits("questions");
    await who.press("checkbox", await symptom(who, "saddle-numbness"));
    await who.press("checkbox", await symptom(who, "pain-on-contraction"));
    await who.press("button", who.t("questions.begin"));
    await page.getByRole("alert").waitFor();
    await fits("urgent");
    await who.press("checkbox", who.t("questions.none"));
    await who.press("button", who.t("questions.begin"));
    await page.getByRole("alert").waitFor();
    await fits("closed");
    check(faults.length === 0, [...new Set(faults)].join("\n"));
    check(page.errors.length === 0, page.errors.join("; "));
  } finally {
    await browser.close();
    await visit.end();
  }
});
