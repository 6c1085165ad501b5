// What everybody can see, read and reach: axe, contrast, grey, long words, the other way round, less movement.

import { join } from "node:path";
import { Visit, browse, check, open, pictures, programme, sleep, state, test, until } from "./bench.mjs";
import { SIZES, THEMES, axed, crowded, stretch } from "./looks.mjs";
import { dress, keep, screens } from "./screens.mjs";

/** A visit that has come to its second lift, so that the band and the template are there. */
async function settled(browser, visit, options = {}) {
  const page = await open(browser, visit.address, options);
  await until(async () => {
    const { cue, now, programme } = await state(page);
    return programme === "running" && cue?.part === "work" && cue.step >= 3 && now > cue.starts_s + 2.5;
  }, "the second lift", 60000);
  return page;
}

test("every screen in both themes: axe finds nothing, and there is a picture of it", async () => {
  const visit = await Visit.begin({ live: programme });
  const browser = await browse();
  try {
    const page = await settled(browser, visit, { bypassCSP: true });
    const faults = [];
    const look = async (screen) => faults.push(...await axed(page, screen.name, { go: () => screen.go(page), leave: screen.leave && (() => screen.leave(page)) }));
    for (const screen of screens.filter((one) => !one.over)) await look(screen);
    await page.evaluate(() => globalThis.levatorPage.act("stop"));
    await until(async () => (await state(page)).result, "the end of the visit", 30000);
    for (const screen of screens.filter((one) => one.over)) await look(screen);
    check(faults.length === 0, faults.join("\n"));
    check(page.errors.length === 0, page.errors.join("; "));
    return `${screens.length} screens in both themes`;
  } finally {
    await browser.close();
    await visit.end();
  }
});

/** Relative luminance (WCAG 2.2) of `rgb(…)`, over a ground where it lets light through. */
function luminance([red, green, blue]) {
  const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}
const contrast = (one, other) => {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
};
/** CIE L*, on which 10 is seen at a glance. */
const lightness = (rgb) => { const y = luminance(rgb); return y > 0.008856 ? 116 * Math.cbrt(y) - 16 : 903.3 * y; };

/** Colours of a theme as the browser resolves them. */
const colours = (page, names) => page.evaluate((names) => {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(names.map((name) => {
    probe.clearRect(0, 0, 1, 1);
    probe.fillStyle = style.getPropertyValue(`--${name}`).trim();
    probe.fillRect(0, 0, 1, 1);
    return [name, Array.from(probe.getImageData(0, 0, 1, 1).data.slice(0, 3))];
  }));
}, names);

test("words have a contrast of 4.5, lines and edges of 3, and in grey the trace, the band and the template differ", async () => {
  const visit = await Visit.begin({ live: programme });
  const browser = await browse();
  try {
    const page = await settled(browser, visit);
    // What is drawn is what is judged: the band of the scale, and the target that the engine held a repetition against.
    const held = await page.evaluate(() => {
      const { store } = globalThis.levatorPage;
      return { target: store.trials.at(-1)?.target, band: store.levels.get(store.mainKey)?.bands[1][0], success: store.trials.at(-1)?.success };
    });
    for (const side of ["lower", "upper"]) check(Math.abs(held.target[side] - held.band[side]) < 1e-9, `the band that is drawn is not the one that is judged: ${JSON.stringify(held)}`);
    const words = [];
    for (const theme of THEMES) {
      await dress(page, theme);
      await keep(page, { mode: "guided" });
      await sleep(150);
      await page.screenshot({ path: join(pictures, `lift-${theme}.png`) });
      const of = await colours(page, ["ground", "panel", "raised", "text", "soft", "accent", "on-accent", "trace", "second", "band", "template", "notice", "edge"]);
      const least = (name, on, bound) => {
        const ratio = contrast(of[name], of[on]);
        check(ratio >= bound, `${theme}: ${name} on ${on} has ${ratio.toFixed(2)}, asked for ${bound}`);
        return ratio;
      };
      for (const on of ["ground", "panel", "raised"]) for (const name of ["text", "soft"]) least(name, on, 4.5);
      least("on-accent", "accent", 4.5);
      // Not words, but needed to understand (WCAG 1.4.11).
      for (const name of ["trace", "second", "band", "template", "notice", "edge", "accent"]) for (const on of ["panel", "ground"]) least(name, on, 3);
      // The borders that tell where a control is, as they are drawn.
      const weak = await page.evaluate(() => {
        const rgb = (text) => { const [red, green, blue, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number); return alpha < 0.5 ? null : [red, green, blue]; };
        return [...document.querySelectorAll("button, select, input, textarea, .level .tube, .dots i")].map((one) => ({
          what: one.textContent || one.className || one.tagName, border: rgb(getComputedStyle(one).borderTopColor), fill: rgb(getComputedStyle(one).backgroundColor),
        }));
      });
      for (const { what, border, fill } of weak) {
        // A control without any edge is its words, whose contrast is asked for above.
        if (!border && !fill) continue;
        const best = Math.max(...[border, fill].filter(Boolean).map((one) => contrast(one, of.panel)));
        check(best >= 3, `${theme}: the edge of "${what}" has ${best.toFixed(2)}`);
      }
      // In grey, from the picture itself: each is there, and they differ in lightness.
      await sleep(150);
      const seen = await page.evaluate(async ({ names, of }) => {
        const canvas = document.querySelector(".big canvas");
        const { width, height } = canvas;
        const copy = new OffscreenCanvas(width, height).getContext("2d");
        copy.drawImage(canvas, 0, 0);
        const { data } = copy.getImageData(0, 0, width, height);
        const counts = Object.fromEntries(names.map((name) => [name, 0]));
        for (let at = 0; at < data.length; at += 4) {
          if (data[at + 3] < 250) continue;
          for (const name of names) {
            const [red, green, blue] = of[name];
            if (Math.abs(data[at] - red) + Math.abs(data[at + 1] - green) + Math.abs(data[at + 2] - blue) < 12) counts[name] += 1;
          }
        }
        return counts;
      }, { names: ["trace", "band", "template"], of });
      for (const [name, count] of Object.entries(seen)) check(count > 150, `${theme}: the ${name} cannot be found in the picture (${count} pixels)`);
      const grey = ["trace", "band", "template", "panel"].map((name) => ({ name, light: lightness(of[name]) }));
      for (const [at, one] of grey.entries()) for (const other of grey.slice(at + 1)) {
        const apart = Math.abs(one.light - other.light);
        check(apart >= 10, `${theme}: in grey ${one.name} and ${other.name} are ${apart.toFixed(1)} apart in L*, asked for 10`);
      }
      words.push(`${theme} L*: ${grey.map((one) => `${one.name} ${one.light.toFixed(0)}`).join(", ")}`);
    }
    return words.join("; ");
  } finally {
    await browser.close();
    await visit.end();
  }
});

test("words 40 % longer, large type and the other direction neither overlap nor run over", async () => {
  const visit = await Visit.begin({ live: programme });
  const browser = await browse();
  try {
    const faults = [];
    const context = await browser.newContext({ viewport: { width: 1280, height: 760 }, colorScheme: "dark", bypassCSP: true });
    await stretch(context);
    const page = await settled(browser, visit, { context });
    for (const { width, height, large } of SIZES) {
      await page.setViewportSize({ width, height });
      await keep(page, { large });
      for (const direction of ["ltr", "rtl"]) {
        await page.evaluate((direction) => { document.documentElement.dir = direction; }, direction);
        for (const screen of screens.filter((one) => !one.over)) {
          await screen.go(page);
          await sleep(160);
          for (const one of await crowded(page)) faults.push(`${width}${large ? " large" : ""} ${direction} ${screen.name}: ${one}`);
          if (direction === "rtl" && screen.name === "guided") await page.screenshot({ path: join(pictures, `long-rtl-${width}${large ? "-large" : ""}.png`) });
          await screen.leave?.(page);
        }
      }
    }
    check(faults.length === 0, [...new Set(faults)].join("\n"));
  } finally {
    await browser.close();
    await visit.end();
  }
});

test("where movement is to be small the trace steps five times a second, and nothing else moves", async () => {
  const visit = await Visit.begin({ live: programme });
  const browser = await browse();
  try {
    const page = await open(browser, visit.address, { reducedMotion: "reduce" });
    await until(async () => (await state(page)).ends > 2, "a signal");
    const drawn = () => page.evaluate(() => globalThis.levatorTrace.count);
    const before = await drawn();
    await sleep(3000);
    const pictures = await drawn() - before;
    check(pictures >= 5 && pictures <= 16, `${pictures} pictures in 3 s`);
    const moving = await page.evaluate(() => document.getAnimations().filter((one) => one.playState === "running").length);
    check(moving === 0, `${moving} animations run`);
    return `${pictures} pictures in 3 s`;
  } finally {
    await browser.close();
    await visit.end();
  }
});
