// People at the page: one has a mouse, one has nothing but a keyboard. Both find what they use by its role and its name.

import { check, until } from "./bench.mjs";

/** Who is at the page; `Mouse` and `Keys` say how they do it. */
class Guest {
  /** @param {any} page */
  constructor(page) {
    this.page = page;
    /** @type {Record<string, string>} */
    this.words = {};
  }

  /** Learns the words of the language that the page speaks. */
  async learn() {
    this.words = await this.page.evaluate(async () => {
      const of = async (name) => (await fetch(`words/${name}.json`)).json();
      return { ...await of("en"), ...await of(document.documentElement.lang) };
    });
  }

  /** The words for a key, as the page says them. @param {string} key @param {Record<string, string | number>} [values] */
  t(key, values = {}) {
    check(key in this.words, `the page has no words for ${key}`);
    return this.words[key].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
  }

  /** What has this role and exactly this name. @param {string} role @param {string | RegExp} name */
  find(role, name) {
    return this.page.getByRole(role, { name, exact: true });
  }

  /** Waits for a screen, by its title. @param {string} key @param {number} [timeout] */
  async sees(key, timeout = 15000) {
    await this.page.getByRole("heading", { level: 1, name: this.t(key), exact: true }).waitFor({ timeout });
  }

  /** Goes to a screen by the head of the page. @param {string} screen */
  async visit(screen) {
    await this.press("button", this.t(`nav.${screen}`));
    await until(() => this.find("button", this.t(`nav.${screen}`)).getAttribute("aria-current").then((is) => is === "page"), `the screen ${screen}`);
  }

  /** All that can be read. */
  async reads() {
    return (await this.page.locator("main").innerText()).replace(/\s+/g, " ");
  }
}

/** Clicks on what is seen, where it is seen. */
export class Mouse extends Guest {
  async press(role, name, isFirst = false) {
    const all = this.find(role, name);
    await (isFirst ? all.first() : all).click();
  }

  async choose(label, option) {
    const select = this.find("combobox", label);
    // A list that the system draws opens on a click; the page does not see what is clicked in it, only what was chosen.
    await select.click();
    await this.page.keyboard.press("Escape");
    await select.selectOption({ label: option });
  }

  async type(role, label, text) {
    await this.find(role, label).click();
    await this.page.keyboard.press("Control+A");
    await this.page.keyboard.type(text);
  }
}

/** Uses Tab, Enter, Space and arrows, and sees where they are. */
export class Keys extends Guest {
  /** Where the keyboard is, and whether that can be seen. */
  async here() {
    return this.page.evaluate(() => {
      const at = document.activeElement;
      if (!at || at === document.body) return null;
      const style = getComputedStyle(at);
      const box = at.getBoundingClientRect();
      const [x, y] = [box.left + box.width / 2, box.top + Math.min(box.height / 2, 20)];
      const top = document.elementFromPoint(x, y);
      const label = at.closest("label");
      return {
        what: `${at.tagName.toLowerCase()} "${(at.getAttribute("aria-label") ?? at.textContent ?? "").trim().slice(0, 40)}"`,
        isFrame: at.tagName === "IFRAME",
        ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        isSeen: x >= 0 && y >= 0 && x <= innerWidth && y <= innerHeight && top !== null && (at.contains(top) || top.contains(at) || label?.contains(top) === true),
        box: [box.left, box.top, box.width, box.height].map(Math.round),
      };
    });
  }

  /** One press of Tab; wherever it leads can be seen. */
  async tab(key = "Tab") {
    await this.page.keyboard.press(key);
    const here = await this.here();
    if (!here) return null;
    check(here.ring || here.isFrame, `no visible focus on ${here.what}`);
    check(here.isSeen, `${here.what} has the focus and is not to be seen, at ${here.box}`);
    return here;
  }

  /** Comes to something by Tab alone. @param {any} wanted */
  async reach(wanted, words) {
    await wanted.waitFor();
    const is = () => wanted.evaluate((one) => one === document.activeElement);
    const passed = [];
    for (let press = 0; press < 120; press += 1) {
      if (await is()) return;
      passed.push((await this.tab())?.what ?? "-");
    }
    throw new Error(`${words} is not reached by Tab; passed: ${passed.join(", ")}`);
  }

  async press(role, name, isFirst = false) {
    const all = this.find(role, name);
    const wanted = isFirst ? all.first() : all;
    await wanted.waitFor();
    if (role === "radio") {
      // Tab comes to the one of the group that is chosen, or to its first or last; arrows go on from there.
      const isThere = () => wanted.evaluate((one) => document.activeElement?.getAttribute("type") === "radio" && document.activeElement.getAttribute("name") === one.getAttribute("name"));
      for (let press = 0; press < 60 && !(await isThere()); press += 1) await this.tab();
      check(await isThere(), `the group of ${name} is not reached by Tab`);
      for (let press = 0; press < 30 && !(await wanted.isChecked()); press += 1) await this.page.keyboard.press("ArrowDown");
      check(await wanted.isChecked(), `arrows do not come to ${name}`);
      return;
    }
    await this.reach(wanted, `${role} ${name}`);
    await this.page.keyboard.press(role === "checkbox" ? "Space" : "Enter");
  }

  async choose(label, option) {
    const select = this.find("combobox", label);
    await this.reach(select, label);
    const chosen = () => select.evaluate((one) => one.selectedOptions[0]?.textContent.trim());
    await this.page.keyboard.press("Home");
    const count = await select.evaluate((one) => one.options.length);
    for (let press = 0; press < count && await chosen() !== option; press += 1) await this.page.keyboard.press("ArrowDown");
    check(await chosen() === option, `arrows do not come to ${option} in ${label}`);
  }

  async type(role, label, text) {
    await this.reach(this.find(role, label), label);
    await this.page.keyboard.press("Control+A");
    await this.page.keyboard.type(text);
  }

  /** Goes once around a screen, forwards and a little back: everything that can be used is reached, and nothing holds one. */
  async around(words) {
    await this.page.evaluate(() => {
      globalThis.reached = new Set();
      /** @type {any} */ (document.activeElement)?.blur();
    });
    // Where it begins is where one was last: to the end, and then once through everything.
    let out = 0;
    for (let press = 0; press < 400 && out < 2; press += 1) {
      const here = await this.tab();
      if (here === null) out += 1;
      await this.page.evaluate(() => { if (document.activeElement !== document.body) globalThis.reached.add(document.activeElement); });
    }
    check(out === 2, `${words}: Tab does not come out of it`);
    const missed = await this.page.evaluate(() => {
      const usable = "a[href], button:not(:disabled), select, input:not(:disabled), textarea, summary, iframe, [tabindex='0']";
      const isReached = (one) => globalThis.reached.has(one) || one.getAttribute("type") === "radio" && [...globalThis.reached].some((other) => other.getAttribute("name") === one.getAttribute("name"));
      return [...document.querySelectorAll(usable)].filter((one) => one.checkVisibility() && one.getBoundingClientRect().width > 0 && !isReached(one)).map((one) => one.outerHTML.slice(0, 120));
    });
    check(missed.length === 0, `${words}: not reached by Tab: ${missed.join("; ")}`);
    check(await this.tab("Shift+Tab") !== null, `${words}: Shift and Tab lead nowhere`);
  }
}
