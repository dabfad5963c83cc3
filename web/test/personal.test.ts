// Settings of a person: what the server has, what this device has, and which of them follows the other.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import type { Chat } from "../src/chat/chat.ts";
import { Watched } from "../src/chat/model.ts";
import { parse, type Message } from "../src/wire/message.ts";

Object.assign(globalThis, {
  document: { documentElement: { dataset: {} } },
  localStorage: { getItem: () => null, setItem: () => undefined },
});
const { Personal } = await import("../src/ui/personal.ts");
const { settings } = await import("../src/ui/settings.ts");

type Answer = (lines: Message[]) => void;

/** A chat of which nothing is there but what settings need. */
class Desk extends Watched {
  state = "in";
  account = "Ann";
  caps = new Set(["draft/metadata-2"]);
  sent: string[] = [];
  answers: Answer[] = [];
  onMetadata: (message: Message) => void = () => undefined;
  isMe = (nick: string): boolean => nick.toLowerCase() === "ann";
  question(answer: Answer, command: string, params: string[]): void {
    this.sent.push([command, ...params].join(" "));
    this.answers.push(answer);
  }

  take(): string[] {
    const { sent } = this;
    this.sent = [];
    return sent.map((line) => line.replace("METADATA ", ""));
  }
}

const lines = (...told: string[]): Message[] => told.map((line) => parse(`:s METADATA ${line}`)!);

/** Ann comes in, and the server has this of her. */
function arrive(...told: string[]): { desk: Desk; personal: InstanceType<typeof Personal> } {
  const desk = new Desk();
  const personal = new Personal(desk as unknown as Chat);
  personal.begin();
  assert.match(desk.take()[0] ?? "", /^\* SUB /);
  desk.answers.shift()!(lines(...told));
  return { desk, personal };
}

beforeEach(() => {
  Object.assign(settings, {
    theme: "system", density: "roomy", language: "en", level: "mentions", levels: {}, quietFrom: "", quietTo: "",
    isHidingEvents: false, isOwnLooks: false,
  });
  (settings as unknown as { watchers: Set<() => void> }).watchers?.clear();
});

test("the first device takes its settings along", () => {
  Object.assign(settings, { theme: "dark", levels: { "#tea": "none" }, quietFrom: "22:00", quietTo: "07:00" });
  const { desk } = arrive();
  assert.deepEqual(desk.take().sort(), [
    "#tea SET veche/notify none", "* SET veche/language en", "* SET veche/quiet 22:00-07:00", "* SET veche/theme dark",
  ]);
});

test("every other device is as the server says, also where that is as everybody begins", () => {
  Object.assign(settings, { theme: "dark", density: "dense" });
  const { desk } = arrive(
    "Ann veche/theme private :contrast", "#tea veche/notify private :all", "Ann veche/language private :ru",
    "Ann veche/hide-events private :1", "Ann veche/theme-of-elsewhere private :x",
  );
  const { theme, density, language, isHidingEvents } = settings;
  assert.deepEqual([theme, density, language, isHidingEvents], ["contrast", "roomy", "ru", true]);
  assert.equal(settings.levelOf("#Tea"), "all");
  assert.deepEqual(desk.take(), []);
});

test("what is chosen is told once; what another device chooses is obeyed and told to nobody", () => {
  const { desk } = arrive("Ann veche/theme private :dark", "Ann veche/language private :en");
  settings.set({ theme: "light" });
  settings.set({ isSound: true, name: "Ann" });
  assert.deepEqual(desk.take(), ["* SET veche/theme light"]);
  desk.onMetadata(lines("ann veche/density private :dense")[0]!);
  assert.equal(settings.density, "dense");
  desk.onMetadata(lines("ann veche/theme private")[0]!);
  assert.equal(settings.theme, "system");
  assert.deepEqual(desk.take(), []);
  settings.setLevel("#tea", "all");
  settings.setLevel("#tea", null);
  assert.deepEqual(desk.take(), ["#tea SET veche/notify all", "#tea SET veche/notify"]);
});

test("a device may have its own looks, and gives them up again", () => {
  const { desk } = arrive("Ann veche/theme private :dark", "Ann veche/language private :en");
  settings.set({ isOwnLooks: true });
  settings.set({ theme: "light", language: "ru", isHidingEvents: true });
  assert.deepEqual(desk.take(), ["* SET veche/hide-events 1"]);
  desk.onMetadata(lines("ann veche/theme private :contrast")[0]!);
  assert.equal(settings.theme, "light");
  settings.set({ isOwnLooks: false });
  assert.deepEqual([settings.theme, settings.language], ["contrast", "en"]);
  assert.deepEqual(desk.take(), []);
});

test("nonsense of the server's is nobody's setting", () => {
  arrive("Ann veche/theme private :pink", "#tea veche/notify private :loud", "Ann veche/language private :xx");
  assert.deepEqual([settings.theme, settings.language, settings.levelOf("#tea")], ["system", "en", "mentions"]);
});

test("what was chosen without a connection is told when there is one", () => {
  const { desk, personal } = arrive("Ann veche/theme private :dark", "Ann veche/language private :en");
  desk.state = "out";
  settings.set({ theme: "light" });
  assert.deepEqual(desk.take(), []);
  desk.state = "in";
  personal.begin();
  desk.answers.pop()!(lines("Ann veche/theme private :dark", "Ann veche/language private :en"));
  assert.equal(settings.theme, "light");
  assert.deepEqual(desk.take().slice(1), ["* SET veche/theme light"]);
});

test("a guest has but his language told", () => {
  const desk = new Desk();
  desk.account = "";
  settings.set({ theme: "dark" });
  const personal = new Personal(desk as unknown as Chat);
  personal.begin();
  settings.set({ theme: "light" });
  settings.set({ language: "ru" });
  assert.deepEqual(desk.take(), ["* SET veche/language en", "* SET veche/language ru"]);
});
