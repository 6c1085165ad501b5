// Runs the tests of the page, three at a time, and says what each of them saw.

import { requests, tests } from "./bench.mjs";

// The longest first, so that they do not end alone.
for (const part of ["desk", "access", "live", "tabs", "review", "game", "rules"]) await import(`./${part}.mjs`);

const wanted = process.argv.slice(2);
const due = tests.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)));
const failed = [];
const began = Date.now();
const seconds = (since) => ((Date.now() - since) / 1000).toFixed(1);

async function work() {
  for (let next = due.shift(); next; next = due.shift()) {
    const since = Date.now();
    try {
      const words = await next.run();
      console.log(`page: ${next.name} (${seconds(since)} s)${words ? `: ${words}` : ""}`);
    } catch (error) {
      failed.push(next.name);
      console.log(`page: FAILED ${next.name} (${seconds(since)} s)\n${error.stack ?? error}`);
    }
  }
}
await Promise.all(Array.from({ length: Number(process.env.PAGE_TESTS_AT_ONCE ?? 3) }, work));

// Of all of them: nothing but this computer was asked for anything.
const foreign = [...new Set(requests)].filter((url) => !/^(http|ws):\/\/127\.0\.0\.1:\d+\//.test(url) && !/^data:/.test(url));
if (foreign.length > 0) failed.push(`requests to ${foreign.join(", ")}`);
console.log(`page: ${requests.length} requests, all to 127.0.0.1${foreign.length ? ` BUT ${foreign.join(", ")}` : ""}; ${seconds(began)} s in all`);
if (failed.length > 0) console.log(`page: failed: ${failed.join("; ")}`);
process.exit(failed.length > 0 ? 1 : 0);
