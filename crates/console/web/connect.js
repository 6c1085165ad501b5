// @ts-check
// The beginning: which probe, who, and what is to be done.

import { html, useEffect, useState } from "./ui.js";
import { useAnswer } from "./desk.js";
import { Choose, Title, Wait, Wrong, minutes, programmeName } from "./parts.js";
import { t } from "./words.js";

/** What is chosen; it stays while other screens are looked at. */
const chosen = { on: "", port: "", device: "native", baud: 0, virtual: "healthy", programme: "first-visit", site: "", position: "lying", person: "", reference: "" };
let isFirst = true;

/** Somebody chose on another screen. @param {Partial<typeof chosen>} changes */
export function prefer(changes) {
  isPreferred = true;
  Object.assign(chosen, changes);
}
let isPreferred = false;

/** @param {{ desk: import("./desk.js").Desk }} props */
export function Connect({ desk }) {
  const [, draw] = useState(0);
  const [trouble, say] = useState("");
  const hello = useAnswer(desk, "hello", {});
  const ports = useAnswer(desk, "ports", {});
  const set = (/** @type {Partial<typeof chosen>} */ changes) => {
    Object.assign(chosen, changes);
    draw((/** @type {number} */ count) => count + 1);
  };
  useEffect(() => {
    if (!hello.told || !isFirst) return;
    isFirst = false;
    set({ on: hello.told.first, programme: (isPreferred ? null : hello.told.programme) ?? chosen.programme });
  }, [hello.told]);
  const list = ports.told?.ports ?? [];
  useEffect(() => {
    if (!chosen.port && list.length) {
      const likely = list.find((/** @type {any} */ one) => one.usb) ?? list[0];
      set({ port: likely.port, device: likely.often[0] ?? "native" });
    }
  }, [ports.told]);
  if (!hello.told) return html`<div class="centre"><${Title}>${t("connect.title")}<//><${Wrong} text=${hello.trouble} />${hello.busy && html`<${Wait} />`}</div>`;

  const told = hello.told;
  const isVirtual = chosen.on === "virtual";
  const programme = told.programmes.find((/** @type {any} */ one) => one.id === chosen.programme);
  const begin = async (/** @type {Event} */ event) => {
    event.preventDefault();
    say("");
    const { on, ...rest } = chosen;
    const fields = isVirtual ? { ...rest, port: null, site: rest.site || null } : { ...rest, virtual: null, baud: rest.baud || null };
    try {
      await desk.ask("check", fields);
    } catch (why) {
      say(/** @type {Error} */ (why).message);
    }
  };
  const trouble2 = desk.stage?.trouble ?? "";
  return html`<form class="centre" onSubmit=${begin}>
    <${Title}>${t("connect.title")}<//>
    <${Wrong} text=${trouble || trouble2} />
    <section class="card stack"><h2>${t("connect.probe")}</h2>
      <fieldset><legend class="hidden">${t("connect.probe")}</legend>
        ${list.map((/** @type {any} */ one) => html`<${PortRow} key=${one.port} one=${one} desk=${desk} set=${set} />`)}
        ${list.length === 0 && html`<p class="soft">${ports.busy ? t("connect.looking") : t("connect.no-port")}</p>`}
        <label class="option"><input type="radio" name="probe" checked=${chosen.on === "other"} onChange=${() => set({ on: "other" })} /><span>${t("connect.other")}</span></label>
        ${chosen.on === "other" && html`<div class="field inset"><label for="port">${t("connect.port")}</label><input id="port" type="text" autocomplete="off" spellcheck=${false} value=${chosen.port} onInput=${(/** @type {any} */ event) => set({ port: event.target.value })} /></div>`}
        <label class="option"><input type="radio" name="probe" checked=${isVirtual} onChange=${() => set({ on: "virtual" })} /><span>${t("connect.virtual")}<br /><span class="soft small">${t("connect.virtual.about")}</span></span></label>
      </fieldset>
      <div class="row"><button type="button" onClick=${ports.again}>${t("connect.again")}</button></div>
      ${isVirtual
    ? html`<${Choose} id="condition" label=${t("connect.condition")} value=${chosen.virtual} choose=${(/** @type {string} */ virtual) => set({ virtual })} options=${told.virtual.map((/** @type {string} */ one) => [one, t(`virtual.${one}`)])} />`
    : html`<${Choose} id="device" label=${t("connect.device")} value=${chosen.device} hint=${told.devices.find((/** @type {any} */ one) => one.id === chosen.device)?.about} choose=${(/** @type {string} */ device) => set({ device, baud: 0 })} options=${[["native", t("connect.native")], ...told.devices.map((/** @type {any} */ one) => [one.id, one.id])]} />`}
    </section>
    <section class="card stack"><h2>${t("connect.what")}</h2>
      <div class="grid">
      <${Choose} id="programme" label=${t("connect.programme")} value=${chosen.programme} hint=${programme ? `${minutes(programme.length_s)} · ${t(`load.${programme.load}`)}` : t("connect.free.about")} choose=${(/** @type {string} */ value) => set({ programme: value })}
        options=${[...told.programmes.map((/** @type {any} */ one) => [one.id, programmeName(one.id, one.name)]), ["", t("connect.free")]]} />
      <${Choose} id="site" label=${t("connect.site")} value=${chosen.site} choose=${(/** @type {string} */ site) => set({ site })} options=${[["", t("connect.site.none")], ...told.sites.map((/** @type {string} */ one) => [one, t(`site.${one}`)])]} />
      <${Choose} id="position" label=${t("connect.position")} value=${chosen.position} choose=${(/** @type {string} */ position) => set({ position })} options=${told.positions.map((/** @type {string} */ one) => [one, t(`position.${one}`)])} />
      </div></section>
    <section class="card stack"><h2>${t("connect.kept")}</h2>
      <div class="grid">
      <div class="field"><label for="person">${t("connect.person")}</label><input id="person" type="text" autocomplete="off" list="people" maxlength="40" aria-describedby="person-hint" value=${chosen.person} onInput=${(/** @type {any} */ event) => set({ person: event.target.value })} />
        <datalist id="people">${told.people.map((/** @type {any} */ one) => html`<option value=${one.person}></option>`)}</datalist>
        <span class="soft small" id="person-hint">${chosen.person ? t("connect.person.kept") : told.out ? t("connect.out", { folder: told.out }) : t("connect.unrecorded")}</span></div>
      <${Choose} id="reference" label=${t("connect.reference")} value=${chosen.reference} hint=${t("connect.reference.about")} choose=${(/** @type {string} */ reference) => set({ reference })} options=${[["", t("connect.reference.none")], ...told.references.map((/** @type {any} */ one) => [one.id, one.name])]} />
      </div></section>
    <div class="row"><button class="main" type="submit">${t("connect.check")}</button></div>
  </form>`;
}

/** A port, and what was heard on it. @param {{ one: any, desk: import("./desk.js").Desk, set: (changes: any) => void }} props */
function PortRow({ one, desk, set }) {
  const [heard, keep] = useState(/** @type {any} */ (null));
  const [busy, wait] = useState(false);
  const listen = async () => {
    wait(true);
    try {
      const { told } = await desk.ask("listen", { port: one.port });
      const best = told.guesses[0];
      keep({ text: best ? t("connect.heard", { device: best.device, why: best.why }) : t(told.bytes ? "connect.unknown" : "connect.silent", { count: told.bytes }) });
      if (best) set({ on: "port", port: one.port, device: best.device, baud: best.device === "native" ? 0 : told.baud });
    } catch (why) {
      keep({ text: /** @type {Error} */ (why).message });
    }
    wait(false);
  };
  const isChosen = chosen.on === "port" && chosen.port === one.port;
  return html`<div class="option-row"><label class="option"><input type="radio" name="probe" checked=${isChosen} onChange=${() => set({ on: "port", port: one.port, device: one.often[0] ?? chosen.device })} />
    <span>${one.usb ? html`${one.hint ?? one.words} <span class="soft small">${one.port}</span>` : one.port}</span></label>
    <button type="button" disabled=${busy} aria-label=${t("connect.listen.to", { port: one.port })} onClick=${listen}>${t("connect.listen")}</button>
    ${(busy || heard) && html`<p class="soft small" role="status">${busy ? t("connect.listening") : heard.text}</p>`}</div>`;
}
