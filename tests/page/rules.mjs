// What the files of the page must keep to, without a browser: types, size, the game's fairness.

import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
