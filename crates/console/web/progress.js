// @ts-check
// What has become of somebody over visits, as the report says it.

import { html, useState } from "./ui.js";
import { useAnswer } from "./desk.js";
import { Title, Wait, Wrong } from "./parts.js";
import { Whose } from "./plan.js";
import { number, t } from "./words.js";

const at = { person: "" };

/** @param {{ desk: import("./desk.js").Desk }} props */
export function Progress({ desk }) {
  const [person, set] = useState(at.person);
  at.person = person;
  const { told, path, trouble, busy } = useAnswer(desk, "progress", person ? { person } : null);
  const hello = useAnswer(desk, "hello", {});
  const isNobody = hello.told?.people.length === 0;
  return html`<div class="centre wide"><${Title}>${t("nav.progress")}<//>
    <p>${t("progress.about")}</p>
    <${Whose} desk=${desk} value=${person} choose=${set} />
    ${!person && html`<p>${t(isNobody ? "progress.nobody" : "progress.whose")}</p>`}
    ${person && html`<${Wrong} text=${trouble} />`}${person && busy && html`<${Wait} text=${t("progress.wait")} />`}
    ${person && told && told.visits === 0 && html`<p>${t("progress.none")}</p>`}
    ${person && told && told.unread > 0 && html`<p class="soft">${t("progress.unread", { count: number(told.unread) })}</p>`}
    ${person && path && html`<div class="row"><a class="button" href=${path} target="_blank" rel="noopener">${t("progress.open")}</a></div>
      <iframe class="paper" sandbox="" src=${path} title=${told.title}></iframe>`}</div>`;
}
