// What every test of the page needs: the program on a virtual probe, a browser, and a way to say what is wrong.

import { spawn, spawnSync, execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { mkdtempSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const target = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
export const tools = join(target, "page");
export const pictures = join(tools, "pictures");
export const web = join(root, "crates/console/web");
export const levator = process.env.LEVATOR ?? join(target, "debug/levator");
export const require = createRequire(join(tools, "package.json"));
mkdirSync(pictures, { recursive: true });

/** Every request that any page made. The last test looks at them. @type {string[]} */
export const requests = [];

/** @param {unknown} holds @param {string} words */
export function check(holds, words) {
  if (!holds) throw new Error(words);
}

/** @param {number} ms */
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Waits for something to become true, and says what it waited for. */
export async function until(what, words, ms = 10000) {
  const end = Date.now() + ms;
  let last;
  for (;;) {
    last = await what();
    if (last) return last;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${words}`);
    await sleep(25);
  }
}

/** Lets a browser reach nothing but this computer, whatever a page asks for. */
const FLAGS = [
  "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--mute-audio", "--disable-dev-shm-usage",
];

/** @param {string[]} more */
export async function browse(more = []) {
  const { chromium } = require("playwright-core");
  return chromium.launch({ executablePath: "/usr/bin/chromium", args: [...FLAGS, ...more] }).catch((error) => {
    // The name on the path, where it lies elsewhere.
    const path = execFileSync("sh", ["-c", "command -v chromium"]).toString().trim();
    if (path === "/usr/bin/chromium") throw error;
    return chromium.launch({ executablePath: path, args: [...FLAGS, ...more] });
  });
}

/**
 * A browser that is led over a pipe and otherwise left as it is. Playwright has every page believe that it is in front,
 * so that none is ever hidden; here another tab hides it, as it does for everybody.
 * @param {string} address
 */
export async function bare(address) {
  const profile = mkdtempSync(join(tmpdir(), "levator-browser-"));
  const words = [...FLAGS, "--remote-debugging-pipe", `--user-data-dir=${profile}`, address];
  const browser = spawn("chromium", words, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const gone = new Promise((done) => browser.on("exit", done));
  const waiting = new Map();
  let heard = "";
  let next = 1;
  browser.stdio[4].on("data", (bytes) => {
    const parts = (heard + bytes).split("\0");
    heard = parts.pop();
    for (const part of parts) {
      const { id, result, error } = JSON.parse(part);
      waiting.get(id)?.(error ? Promise.reject(new Error(error.message)) : result);
      waiting.delete(id);
    }
  });
  const send = (method, params = {}, sessionId = undefined) => new Promise((done) => {
    waiting.set(next, done);
    browser.stdio[3].write(`${JSON.stringify({ id: next, method, params, sessionId })}\0`);
    next += 1;
  });
  const tab = await until(async () => (await send("Target.getTargets")).targetInfos.find((one) => one.type === "page" && one.url.startsWith(address.split("#")[0])), "the page in a bare browser");
  const { sessionId } = await send("Target.attachToTarget", { targetId: tab.targetId, flatten: true });
  return {
    /** What an expression comes to in the page; nothing while there is no page yet. @param {string} expression */
    evaluate: (expression) => send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true }, sessionId).then(({ result }) => result.value, () => undefined),
    /** Another tab, which hides the page. */
    cover: () => send("Target.createTarget", { url: "about:blank" }),
    front: () => send("Target.activateTarget", { targetId: tab.targetId }),
    close: async () => {
      browser.kill("SIGKILL");
      await gone;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** A page with its requests and errors written down.
 * @param {any} browser @param {string} address */
export async function open(browser, address, { context: given = undefined, ...options } = {}) {
  const context = given ?? await browser.newContext({ viewport: { width: 1280, height: 760 }, colorScheme: "dark", bypassCSP: false, ...options });
  const page = await context.newPage();
  page.errors = [];
  page.on("pageerror", (error) => page.errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") page.errors.push(message.text());
  });
  page.on("request", (request) => requests.push(request.url()));
  page.on("websocket", (socket) => requests.push(socket.url()));
  await page.goto(address);
  await page.waitForFunction(() => globalThis.levatorPage?.store.scene, null, { timeout: 20000 });
  return page;
}

/** The program, what it said, and the folder it works in. */
export class Visit {
  /** `desk`: nothing is measured before it was chosen on the page.
   * @param {{ kind?: "live" | "demo" | "desk", live?: string[], simulate?: string[], data?: string, out?: string }} options */
  static async begin({ kind = "live", live = [], simulate = [], data = undefined, out = undefined } = {}) {
    const visit = new Visit();
    visit.folder = mkdtempSync(join(tmpdir(), "levator-page-"));
    visit.out = out ?? join(visit.folder, "visit");
    visit.said = "";
    visit.simulate = simulate;
    const shown = ["--plain", "--no-open", "--out", visit.out];
    visit.data = data ?? join(visit.folder, "data");
    if (kind === "demo") {
      visit.run(["demo", ...shown, ...live]);
    } else if (kind === "desk") {
      mkdirSync(visit.out);
      visit.run(["live", ...shown, "--data", visit.data, ...live]);
    } else {
      await visit.plug();
      const roles = ["--role", "0.0=pelvic-emg", "--role", "0.1=abdominal-emg"];
      visit.run(["live", "--port", join(visit.folder, "probe"), ...shown, ...roles, ...live]);
    }
    visit.address = await until(() => /page: (http\S+)/.exec(visit.said)?.[1], `an address in: ${visit.said}`, 30000);
    return visit;
  }

  run(words) {
    this.program = spawn(levator, words, { stdio: ["ignore", "pipe", "pipe"] });
    this.ended = new Promise((done) => this.program.on("exit", (code) => done(code)));
    for (const stream of [this.program.stdout, this.program.stderr]) {
      stream.on("data", (bytes) => { this.said += bytes; });
    }
  }

  /** A probe on a pseudo-terminal of its own, under the name that the program knows. */
  async plug() {
    const probe = spawn(levator, ["simulate", "--json", ...this.simulate], { stdio: ["ignore", "pipe", "inherit"] });
    this.probe = probe;
    let told = "";
    probe.stdout.on("data", (bytes) => { told += bytes; });
    const port = await until(() => /"port":"([^"]+)"/.exec(told)?.[1], "a virtual probe", 20000);
    const name = join(this.folder, "probe");
    rmSync(name, { force: true });
    symlinkSync(port, name);
  }

  /** Pulls the cable. */
  async unplug() {
    const gone = new Promise((done) => this.probe.on("exit", done));
    rmSync(join(this.folder, "probe"), { force: true });
    this.probe.kill("SIGKILL");
    await gone;
  }

  get port() {
    return new URL(this.address).port;
  }

  /** Memory of the program, in MB. */
  get memory() {
    const status = readFileSync(`/proc/${this.program.pid}/status`, "utf8");
    return Number(/VmRSS:\s*(\d+)/.exec(status)?.[1]) / 1024;
  }

  async end() {
    if (this.program.exitCode === null) this.program.kill("SIGINT");
    await Promise.race([this.ended, sleep(8000).then(() => this.program.kill("SIGKILL"))]);
    this.probe?.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What `analyse` makes of the recording. */
  analyse() {
    return JSON.parse(execFileSync(levator, ["analyse", "--json", this.out], { maxBuffer: 1 << 26 }).toString());
  }
}

/** What the program says when it is asked something, and how it ends. @param {string[]} words @returns {{ code: number | null, out: string, err: string }} */
export function asked(words) {
  const { status, stdout, stderr } = spawnSync(levator, words, { encoding: "utf8", maxBuffer: 1 << 26, stdio: ["ignore", "pipe", "pipe"] });
  return { code: status, out: stdout, err: stderr };
}

/** The programme that fits what the virtual person does. */
export const programme = ["--programme", join(root, "tests/page/programme.toml")];

/** @param {any} page What the page knows. */
export const state = (page) => page.evaluate(() => {
  const { store, sound } = globalThis.levatorPage;
  return {
    link: store.link, now: store.now(), age: store.ageMs, programme: store.programmeState, cue: store.cue, marks: store.marks.length,
    contractions: store.contractions.length, trials: store.trials, result: store.result, over: store.state?.over ?? false,
    sounds: sound.log.map((one) => one.what), missed: store.missed,
    begins: store.main ? store.main.begin * store.main.pointS : null, ends: store.main?.endS ?? null,
  };
});

/** A fixed list of tests, run a few at a time. @type {{ name: string, run: () => Promise<string | void> }[]} */
export const tests = [];

/** @param {string} name @param {() => Promise<string | void>} run */
export function test(name, run) {
  tests.push({ name, run });
}
