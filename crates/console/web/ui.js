// @ts-check
// Preact and htm, tied together, and what all screens share.

import { h, render } from "./vendor/preact.js";
import { useEffect, useRef, useState } from "./vendor/hooks.js";
import htm from "./vendor/htm.js";

/** @type {(strings: TemplateStringsArray, ...values: any[]) => any} */
export const html = /** @type {any} */ (htm).bind(h);
export { render, useEffect, useRef, useState };

/** What a person has chosen on this computer. @type {Record<string, any>} */
const DEFAULTS = {
  language: "", theme: "auto", large: false, letters: true, sound: "off", volume: 0.5, mode: "",
  still: "auto", breath: true, raw: false,
};

const KEY = "settings";

/** @returns {Record<string, any>} */
function load() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return { ...DEFAULTS };
  }
}

export const settings = load();

/** @param {Record<string, any>} changes */
export function keep(changes) {
  Object.assign(settings, changes);
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // A browser that keeps nothing forgets them with the page.
  }
  dress();
  for (const listener of listeners) listener();
}

/** @type {Set<() => void>} */
export const listeners = new Set();

/** Theme, size and rest of movement, as attributes that the style sheet reads. */
export function dress() {
  const root = document.documentElement;
  const isDark = settings.theme === "auto" ? !matchMedia("(prefers-color-scheme: light)").matches : settings.theme === "dark";
  root.dataset.theme = isDark ? "dark" : "light";
  root.dataset.large = String(settings.large);
}

// Asked once: it is needed with every picture. Where the tests draw without a browser there is nobody to ask.
const calm = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");

/** Whether movement is to be kept small. */
export function isStill() {
  return settings.still === "auto" ? (calm?.matches ?? false) : settings.still === "on";
}
