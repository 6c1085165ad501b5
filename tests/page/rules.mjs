// What the files of the page must keep to, without a browser: types, size, the game's fairness.

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { check, root, test, tools, web } from "./bench.mjs";

const own = readdirSync(web).filter((name) => name.endsWith(".js"));

test("the scripts hold to their types", async () => {
  for (const name of own) check(readFileSync(join(web, name), "utf8").startsWith("// @ts-check"), `${name} is not checked`);
  const config = join(tools, "tsconfig.json");
  writeFileSync(config, JSON.stringify({
    compilerOptions: { allowJs: true, checkJs: false, noEmit: true, strict: true, target: "esnext", module: "esnext", moduleResolution: "bundler", lib: ["esnext", "dom", "dom.iterable"], types: [], skipLibCheck: true },
    files: own.map((name) => join(web, name)),
  }));
  try {
    execFileSync(process.execPath, [join(tools, "node_modules/typescript/bin/tsc"), "-p", config], { stdio: "pipe" });
  } catch (error) {
    throw new Error(String(error.stdout).slice(0, 6000));
  }
  return `${own.length} files`;
});

test("all scripts together are at most 60 KB, gzipped", async () => {
  const files = [...own, ...readdirSync(join(web, "vendor")).filter((name) => name.endsWith(".js")).map((name) => `vendor/${name}`)];
  const sizes = files.map((name) => gzipSync(readFileSync(join(web, name)), { level: 9 }).length);
  const whole = sizes.reduce((sum, one) => sum + one, 0) / 1024;
  check(whole <= 60, `${whole.toFixed(1)} KB`);
  return `${whole.toFixed(1)} KB in ${files.length} files`;
});

test("the page asks no other computer for anything", async () => {
  for (const name of [...own, "index.html", "style.css"]) {
    const foreign = readFileSync(join(web, name), "utf8").match(/\b(?:https?|wss?):\/\/(?!\$\{location\.host\})[^\s"'`)]+/g)?.filter((url) => !url.startsWith("http://www.w3.org/"));
    check(!foreign, `${name} names ${foreign}`);
  }
  check(root.length > 0, "a root");
});

test("every word that is asked for is there, in every language, with the same places for numbers", async () => {
  const words = (name) => JSON.parse(readFileSync(join(web, "words", name), "utf8"));
  const english = words("en.json");
  // What the page shares with the reports comes from their catalogue: crates/console/src/words.rs.
  const tables = readFileSync(join(web, "../src/words.rs"), "utf8").match(/const SHARED[^=]*= \[([^\]]*)\]/)[1].match(/\w+/g);
  const shared = (key) => tables.includes(key.split(".")[0]);
  const cue = (key) => key.startsWith("cue.");
  const places = (text) => (text.match(/\{\w+\}/g) ?? []).sort().join();
  for (const name of own) {
    for (const [, key] of readFileSync(join(web, name), "utf8").matchAll(/\bt\("([\w.-]+)"/g)) check(key in english || shared(key), `${name} asks for "${key}"`);
  }
  const files = readdirSync(join(web, "words"));
  for (const file of files) {
    const other = words(file);
    for (const [key, text] of Object.entries(other)) {
      // In English these stand where the programmes are.
      if (cue(key)) continue;
      check(key in english, `${file} has "${key}", which nobody asks for`);
      check(places(text) === places(english[key]), `${file}: "${key}" has ${places(text)}, English has ${places(english[key])}`);
    }
    const missing = Object.keys(english).filter((key) => !(key in other));
    check(missing.length === 0, `${file} lacks ${missing}`);
  }
  return files.join(", ");
});

test("what a page was not told is counted once, and what is told anew replaces what was", async () => {
  const load = (name) => import(pathToFileURL(join(web, name)).href);
  const { Store, Ring } = await load("store.js");
  const store = new Store();
  const scene = { type: "scene", roles: [], programme: null };
  const cue = (step) => ({ type: "cue", cue: { step, part: "work" } });
  const mark = { type: "mark", at_s: 1 };
  const tell = (...messages) => messages.forEach((one) => store.message(structuredClone(one)));
  tell(scene, mark, cue(1));
  tell({ type: "gap", items: 5 });
  check(store.missed === 5, `${store.missed} after a gap of 5`);
  tell({ type: "behind", messages: 7 });
  check(store.missed === 12 && store.marks.length === 0, `${store.missed} after falling 7 behind; ${store.marks.length} marks`);
  tell(scene, { type: "forgotten", events: 3 }, mark, cue(2));
  check(store.missed === 12 && store.forgotten === 3 && store.marks.length === 1, "told anew");
  tell(scene, { type: "forgotten", events: 4 }, mark);
  check(store.forgotten === 4 && store.marks.length === 1, "the count of what was forgotten is a whole, not more each time");
  // A page that opens while nothing comes shows no old value as current.
  tell({ type: "state", age_ms: 3000, channels: [], programme: null });
  check(store.ageMs >= 3000 && store.ageMs < 10000, `the newest sample is ${store.ageMs} ms old`);
  // A hole is a hole, wherever the ring has come to.
  const ring = new Ring(100, 1);
  ring.put(0, new Float32Array(2 * 3990).fill(1));
  ring.put(4010, new Float32Array(2 * 5).fill(2));
  const seen = Array.from({ length: ring.end - ring.begin }, (_, at) => ring.low[(ring.begin + at) % ring.size]);
  check(seen.filter(Number.isNaN).length === 20 && ring.level === 2 && seen.length === 4000, "20 samples are missing");
});

test("numbers are written as people write them, and a little less than nothing is nothing", async () => {
  const { number, clock, unitText } = await import(pathToFileURL(join(web, "words.js")).href);
  const written = [number(-0.3), number(-0.04, 1), number(-1.26, 1), number(0.5), number(1234.5), clock(59.9), clock(3661), unitText("uV")];
  check(written.join(" ") === "0 0.0 -1.3 1 1,235 00:59 1:01:01 µV", written.join(" "));
});
