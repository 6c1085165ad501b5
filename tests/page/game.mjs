// The game comes out the same from the same messages, and pays neither for effort above the band nor for holding
// where strength is not trained.

import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { Visit, browse, check, open, programme, state, test, until, web } from "./bench.mjs";
import { keep } from "./screens.mjs";

const load = (name) => import(pathToFileURL(join(web, name)).href);

/** A game on messages as they came over the wire, in a store of its own. */
async function replayed(frames, seed) {
  const [{ Store }, { readPoints }, { Game, direction }] = await Promise.all(["store.js", "link.js", "game.js"].map(load));
  const store = new Store();
  let game = null;
  const states = [];
  for (const frame of frames) {
    if (typeof frame === "string") {
      const message = JSON.parse(frame);
      store.message(message);
      if (message.type === "scene") {
        game = new Game(seed, direction(message.programme));
        store.followers.clear();
        store.followers.add(() => { game.follow(store); states.push(JSON.stringify(game.state)); });
      }
    } else {
      const points = readPoints(Uint8Array.from(frame).buffer);
      if (points) store.points(points);
    }
  }
  return { states, game };
}

test("the game plays the same twice from the same recording and seed, in the browser and without one", async () => {
  const visit = await Visit.begin({ live: programme });
  const browser = await browse();
  try {
    const context = await browser.newContext({ viewport: { width: 1000, height: 700 } });
    const frames = [];
    context.on("page", (page) => page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => frames.push(payload))));
    const page = await open(browser, visit.address, { context });
    await keep(page, { mode: "game" });
    await until(async () => page.evaluate(() => (globalThis.levatorGame?.lights ?? 0) > 8), "lanterns were lit", 60000);
    await until(async () => (await state(page)).cue?.step >= 3, "the second lift", 30000);
    // What the browser plays from here on, and the messages that it played from.
    await page.evaluate(async () => {
      const [{ Store }, { readPoints }, { Game, direction }] = await Promise.all([import("./store.js"), import("./link.js"), import("./game.js")]);
      globalThis.replayHere = (frames, seed) => {
        const store = new Store();
        let game = null;
        for (const frame of frames) {
          if (typeof frame === "string") {
            const message = JSON.parse(frame);
            store.message(message);
            if (message.type === "scene") {
              game = new Game(seed, direction(message.programme));
              store.followers.clear();
              store.followers.add(() => game.follow(store));
            }
          } else {
            const points = readPoints(Uint8Array.from(frame).buffer);
            if (points) store.points(points);
          }
        }
        return JSON.stringify(game.state);
      };
    });
    const kept = frames.map((one) => (typeof one === "string" ? one : [...one]));
    const [one, two, other] = await Promise.all([replayed(kept, 7), replayed(kept, 7), replayed(kept, 8)]);
    check(one.states.length > 100 && one.game.lights > 8, `${one.states.length} states, ${one.game.lights} lights`);
    check(one.states.every((words, at) => words === two.states[at]) && one.states.length === two.states.length, "two replays differ");
    check(await page.evaluate(([frames, seed]) => globalThis.replayHere(frames, seed), [kept, 7]) === one.states.at(-1), "the browser plays otherwise");
    check(one.game.lanternHeight(40, { ask: "let-go" }) !== other.game.lanternHeight(40, { ask: "let-go" }), "another seed places lanterns the same");
    check(one.game.way === "down", "a programme that does not train strength goes downwards");
    check(page.errors.length === 0, page.errors.join("; "));
    return `${kept.length} messages, ${one.game.tick} ticks, ${one.game.lights} lights`;
  } finally {
    await browser.close();
    await visit.end();
  }
});

test("the game never pays for effort above the band, nor for lifting where strength is not trained", async () => {
  const { Game, direction, SOFT } = await load("game.js");
  const played = (way, inputs) => {
    const game = new Game(3, way);
    for (const one of inputs) game.step(one);
    return game.lights;
  };
  const lift = (effort) => ({ effort, ask: "lift", lower: 50, upper: 65 });
  const rest = (effort) => ({ effort, ask: "let-go", lower: null, upper: null });
  const forTicks = (input, count = 400) => Array.from({ length: count }, () => input);
  for (let effort = -20; effort <= 200; effort += 1) {
    const isIn = effort >= 50 && effort <= 65;
    check(played("up", forTicks(lift(effort))) === (isIn ? 40 : 0), `up, lift at ${effort} %`);
    check(played("down", forTicks(lift(effort))) === 0, `down, lift at ${effort} %: a hold was paid`);
    check(played("up", forTicks(rest(effort))) === played("down", forTicks(rest(effort))), `rest at ${effort} %`);
    check(played("down", forTicks(rest(effort))) === (effort <= SOFT ? 40 : 0), `down, rest at ${effort} %`);
  }
  // What is not known, or not asked for, pays nothing.
  check(played("up", forTicks({ ...lift(null) })) === 0 && played("down", forTicks(rest(null))) === 0, "no signal was paid");
  check(played("up", forTicks({ effort: 60, ask: "lift", lower: null, upper: null })) === 0, "a lift without a band was paid");
  check(played("up", forTicks({ ...rest(0), ask: "nothing" })) === 0, "what nobody asked for was paid");
  // Letting go pays as much as lifting does.
  check(played("up", forTicks(lift(60))) === played("up", forTicks(rest(0))), "letting go pays less");
  for (const load of ["none", "light"]) check(direction({ load }) === "down", load);
  check(direction(null) === "down" && direction({ load: "strengthening" }) === "up", "directions");
});
