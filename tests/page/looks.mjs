// How a screen is looked at: by axe in both themes, with longer words, in the other direction, on small and large screens.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { check, pictures, require } from "./bench.mjs";
import { dress } from "./screens.mjs";

export const THEMES = /** @type {const} */ (["dark", "light"]);
const AXE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** A picture for people who were not there: it names no folder of this computer. @param {any} page @param {string} name */
export async function picture(page, name, options = {}) {
  await page.evaluate(() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.data.replace(/\/tmp\/levator-page-\w+\/(data|out|visit|probe)/g, "~/$1");
      if (text !== node.data) node.data = text;
    }
  });
  await page.screenshot({ path: join(pictures, `${name}.png`), ...options });
}

/**
 * A picture of what is shown in each theme, and what axe finds in it. The context of the page must bypass the policy that
 * forbids foreign scripts.
 * @param {any} page @param {string} name @param {{ go?: () => Promise<void>, leave?: () => Promise<void>, fullPage?: boolean }} [way] @returns {Promise<string[]>}
 */
export async function axed(page, name, { go, leave, fullPage = false } = {}) {
  const faults = [];
  for (const theme of THEMES) {
    await dress(page, theme);
    await go?.();
    await page.waitForTimeout(250);
    await picture(page, `${name}-${theme}`, { fullPage });
    if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
    const { violations, passes } = await page.evaluate((runOnly) => globalThis.axe.run(document, { runOnly }), AXE);
    check(passes.length > 5, `axe looked at nothing on ${name}`);
    for (const one of violations) faults.push(`${name} ${theme}: ${one.id}: ${one.help}: ${one.nodes.map((node) => `${node.html} ${node.any[0]?.message ?? ""}`).join(" | ").slice(0, 500)}`);
    await leave?.();
  }
  return faults;
}

/** Words 40 % longer, as German and Finnish are, with their places for numbers left alone. */
export const longer = (words) => words.split(/(\{\w+\})/).map((part) => (part.startsWith("{") ? part : part.replace(/[aeiou]/g, "$&$&").slice(0, Math.max(part.length, Math.ceil(part.length * 1.4))).padEnd(part.length > 3 ? Math.ceil(part.length * 1.4) : part.length, "e"))).join("");

/** Has the page of a context speak in longer words. @param {any} context */
export const stretch = (context) => context.route("**/words/*.json", async (route) => {
  const answer = await route.fetch();
  const words = await answer.json();
  await route.fulfill({ json: Object.fromEntries(Object.entries(words).map(([key, text]) => [key, longer(text)])) });
});

/** Sizes of a window, as on a desk, a small laptop, with large type, on a telephone. */
export const SIZES = [{ width: 1280, height: 760, large: false }, { width: 900, height: 700, large: false }, { width: 1280, height: 860, large: true }, { width: 390, height: 844, large: false }];

/** What runs over, leaves its box or lies over something else. @param {any} page @returns {Promise<string[]>} */
export const crowded = (page) => page.evaluate(() => {
  const out = [];
  const name = (one) => `${one.tagName.toLowerCase()}.${one.className?.baseVal ?? one.className}`.replace(/\s+/g, ".") + ` "${(one.textContent ?? "").trim().slice(0, 30)}"`;
  if (document.documentElement.scrollWidth > innerWidth + 1) {
    const wide = [...document.querySelectorAll("body *")].filter((one) => { const box = one.getBoundingClientRect(); return box.right > innerWidth + 1 || box.left < -1; });
    out.push(`the page is ${document.documentElement.scrollWidth} px wide: ${wide.slice(0, 3).map(name).join(", ")}`);
  }
  const shown = [...document.querySelectorAll("#app *")].filter((one) => {
    const box = one.getBoundingClientRect();
    // What lies in closed details has a place and is not there.
    return box.width > 0 && box.height > 0 && !one.closest(".hidden") && one.checkVisibility({ visibilityProperty: true });
  });
  /** Where it can be seen: what scrolls cuts what is in it. */
  const seen = (one) => {
    const box = one.getBoundingClientRect();
    const cut = one.closest(".scroll")?.getBoundingClientRect() ?? { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity };
    return { left: Math.max(box.left, cut.left), top: Math.max(box.top, cut.top), right: Math.min(box.right, cut.right), bottom: Math.min(box.bottom, cut.bottom) };
  };
  const texts = shown.filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()) && !one.closest("svg"));
  for (const one of texts) {
    if (one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0 && getComputedStyle(one).display !== "inline") out.push(`${name(one)} runs over by ${one.scrollWidth - one.clientWidth} px`);
    // Out of the box that holds it.
    const box = one.getBoundingClientRect();
    const holder = one.closest(".wide:not(.centre, .grid), .scroll") ? null : one.closest("button, .card, .lane, header, .keys, dialog, .chip")?.getBoundingClientRect();
    if (holder && (box.right > holder.right + 1 || box.left < holder.left - 1 || box.bottom > holder.bottom + 1)) out.push(`${name(one)} leaves its box`);
  }
  // No two texts over each other, unless one lies in the other or on the layer above.
  const layer = (one) => one.closest("dialog, .over, .praise");
  const open = document.querySelector("dialog[open]");
  const placed = texts.map((one) => ({ one, box: seen(one), layer: layer(one) })).filter(({ one }) => !open || open.contains(one));
  for (const [at, { one, box: a, layer: under }] of placed.entries()) for (const { one: other, box: b, layer: over } of placed.slice(at + 1)) {
    const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (x > 2 && y > 3 && under === over && !one.contains(other) && !other.contains(one)) out.push(`${name(one)} lies over ${name(other)}`);
  }
  return out.slice(0, 4);
});
