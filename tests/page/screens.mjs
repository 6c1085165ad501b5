// Every screen of the page and how to get there. What is listed here is looked at by axe, measured, stretched and
// pictured in both themes; a new screen needs a line.

import { until } from "./bench.mjs";

/** @param {any} page @param {Record<string, any>} changes Settings of the person. */
const keep = (page, changes) => page.evaluate(async (changes) => {
  const { keep } = await import("./ui.js");
  keep(changes);
}, changes);

const live = (mode) => async (page) => {
  await keep(page, { mode });
  await page.evaluate(() => globalThis.levatorPage.go({ screen: "live", note: false, help: false }));
};

/** @type {{ name: string, go: (page: any) => Promise<void>, leave?: (page: any) => Promise<void>, over?: boolean }[]} */
export const screens = [
  { name: "guided", go: live("guided") },
  { name: "simple", go: live("simple") },
  { name: "clinician", go: live("clinician") },
  {
    name: "signals",
    go: async (page) => { await keep(page, { raw: true }); await live("clinician")(page); await page.waitForSelector("canvas[data-signal]"); },
    leave: (page) => keep(page, { raw: false }),
  },
  { name: "game", go: live("game") },
  {
    name: "paused",
    go: async (page) => {
      await live("guided")(page);
      await page.keyboard.press(" ");
      await until(() => page.evaluate(() => globalThis.levatorPage.store.programmeState === "paused-person"), "a pause");
    },
    leave: async (page) => {
      await page.keyboard.press(" ");
      await until(() => page.evaluate(() => globalThis.levatorPage.store.programmeState === "running"), "the end of the pause");
    },
  },
  {
    name: "keys",
    go: async (page) => { await live("guided")(page); await page.evaluate(() => globalThis.levatorPage.go({ help: true })); await page.waitForSelector("dialog[open]"); },
    leave: (page) => page.keyboard.press("Escape"),
  },
  {
    name: "note",
    go: async (page) => { await live("guided")(page); await page.evaluate(() => globalThis.levatorPage.go({ note: true })); await page.waitForSelector("dialog[open]"); },
    leave: (page) => page.keyboard.press("Escape"),
  },
  { name: "settings", go: (page) => page.evaluate(() => globalThis.levatorPage.go({ screen: "settings" })) },
  // When the visit is over, in this order.
  { name: "done", over: true, go: (page) => page.evaluate(() => globalThis.levatorPage.go({ screen: "done" })) },
];

/** @param {any} page @param {"dark" | "light"} theme */
export async function dress(page, theme) {
  await keep(page, { theme });
  await page.waitForFunction((theme) => document.documentElement.dataset.theme === theme, theme);
  await page.waitForTimeout(120);
}

export { keep };
