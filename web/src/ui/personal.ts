// Settings that belong to a person: kept by the server with his account, and so the same on all his devices
// (docs/ext/settings.md). What belongs to a device stays there: its notices, its sound, and its looks where one wants
// them to be its own. A guest has but the language kept, in which services answer him.

import type { Chat } from "../chat/chat.ts";
import { fold } from "../wire/names.ts";
import type { Message } from "../wire/message.ts";
import { DEFAULTS, LEVELS, DENSITIES, LANGUAGES, one, settings, THEMES, type Kept, type Level } from "./settings.ts";

const THEME = "veche/theme";
const DENSITY = "veche/density";
const LANGUAGE = "veche/language";
const EVENTS = "veche/hide-events";
const QUIET = "veche/quiet";
const NOTIFY = "veche/notify";
const LOOKS = [THEME, DENSITY, LANGUAGE];
const KEYS = [...LOOKS, EVENTS, QUIET, NOTIFY];
const ONESELF = "*";
const PATIENCE = 3; // seconds after which one asks again who was too fast and not told how long to wait

type Place = `${string} ${string}`; // "* veche/theme", "#tea veche/notify"

export class Personal {
  private chat: Chat;
  private held = new Map<Place, string>(); // what the server has
  private account = "";
  private isKnown = false; // all of that has come
  private isOwing = false; // something was chosen while there was no connection
  private language = "";
  private hadOwnLooks = settings.isOwnLooks;

  constructor(chat: Chat) {
    this.chat = chat;
    chat.onMetadata = (message) => {
      this.note(message);
      if (this.isKnown) this.obey();
    };
    chat.watch(() => {
      if (chat.state === "in" && chat.account !== this.account) this.begin();
    });
    settings.watch(() => this.chosen());
  }

  /** One has come in, or has an account now: hear what the server knows, and what it will hear from other devices. */
  begin(): void {
    const { chat } = this;
    this.account = chat.account;
    this.isKnown = false;
    this.held.clear();
    this.language = "";
    if (!chat.caps.has("draft/metadata-2")) return;
    if (this.account === "") {
      this.speak();
      return;
    }
    chat.question((lines) => {
      for (const line of lines) if (line.command === "METADATA") this.note(line);
      this.isKnown = true;
      // The first device that a person comes with takes its settings along.
      if (this.isOwing) this.isOwing = false;
      else if ([...this.held.keys()].some((place) => !place.endsWith(LANGUAGE))) this.obey();
      else if (this.held.size > 0 && !settings.isOwnLooks) settings.set({ language: this.kept().language });
      this.tell();
    }, "METADATA", [ONESELF, "SUB", ...KEYS]);
  }

  private note({ params }: Message): void {
    const [name = "", key = "", , value] = params;
    if (!KEYS.includes(key)) return;
    const place: Place = `${this.chat.isMe(name) ? ONESELF : fold(name)} ${key}`;
    if (value === undefined || value === "") this.held.delete(place);
    else this.held.set(place, value);
  }

  private chosen(): void {
    const isBack = this.hadOwnLooks && !settings.isOwnLooks;
    this.hadOwnLooks = settings.isOwnLooks;
    if (this.chat.state !== "in") this.isOwing = this.isKnown;
    else if (this.account === "") this.speak();
    else if (isBack && this.isKnown) this.obey();
    else this.tell();
  }

  /** A guest's language. */
  private speak(): void {
    if (this.language === settings.language || !this.chat.caps.has("draft/metadata-2")) return;
    this.language = settings.language;
    this.put(`${ONESELF} ${LANGUAGE}`, settings.language);
  }

  /** Be as the server says. */
  private obey(): void {
    settings.set(this.kept());
  }

  /** What the server has, as settings; what it has not is as everybody begins with it. */
  private kept(): Partial<Kept> & Pick<Kept, "language"> {
    const own = (key: string): string | undefined => this.held.get(`${ONESELF} ${key}`);
    const [quietFrom = "", quietTo = ""] = (own(QUIET) ?? "").split("-");
    const levels = Object.create(null) as Record<string, Level>;
    for (const [place, value] of this.held) {
      const [name = "", key] = place.split(" ");
      const level = one(LEVELS, value);
      if (name !== ONESELF && key === NOTIFY && level !== undefined) levels[name] = level;
    }
    const language = one(LANGUAGES, own(LANGUAGE)) ?? settings.language;
    return {
      isHidingEvents: own(EVENTS) === "1", level: one(LEVELS, own(NOTIFY)) ?? DEFAULTS.level, levels, quietFrom, quietTo,
      theme: one(THEMES, own(THEME)) ?? DEFAULTS.theme, density: one(DENSITIES, own(DENSITY)) ?? DEFAULTS.density, language,
      ...(settings.isOwnLooks ? { theme: settings.theme, density: settings.density, language: settings.language } : {}),
    };
  }

  /** Let the server know what is otherwise here. */
  private tell(): void {
    if (!this.isKnown || this.chat.state !== "in") return; // it is told when one is in
    const wanted = this.wanted();
    for (const [place, value] of wanted) if (this.held.get(place) !== value) this.put(place, value);
    for (const place of [...this.held.keys()]) {
      if (!wanted.has(place) && !(settings.isOwnLooks && isLook(place))) this.put(place, null);
    }
  }

  private wanted(): Map<Place, string> {
    const { theme, density, language, isHidingEvents, level, levels, quietFrom, quietTo } = settings;
    const own: [string, string][] = [];
    if (!settings.isOwnLooks) {
      own.push([LANGUAGE, language]);
      if (theme !== DEFAULTS.theme) own.push([THEME, theme]);
      if (density !== DEFAULTS.density) own.push([DENSITY, density]);
    }
    if (isHidingEvents) own.push([EVENTS, "1"]);
    if (level !== DEFAULTS.level) own.push([NOTIFY, level]);
    if (quietFrom !== "" && quietTo !== "") own.push([QUIET, `${quietFrom}-${quietTo}`]);
    return new Map<Place, string>([
      ...own.map(([key, value]): [Place, string] => [`${ONESELF} ${key}`, value]),
      ...Object.entries(levels).map(([name, value]): [Place, string] => [`${name} ${NOTIFY}`, value]),
    ]);
  }

  private put(place: Place, value: string | null): void {
    const [name = "", key = ""] = place.split(" ");
    if (value === null) this.held.delete(place);
    else this.held.set(place, value);
    this.chat.question((lines) => {
      const no = lines.find((line) => line.command === "FAIL" && line.params[1] === "RATE_LIMITED");
      if (no === undefined) return;
      setTimeout(() => {
        this.held.set(place, ""); // whatever it is, the server has not heard of it
        this.tell();
      }, (Number(no.params.at(-2)) || PATIENCE) * 1000);
    }, "METADATA", [name, "SET", key, ...(value === null ? [] : [value])]);
  }
}

function isLook(place: Place): boolean {
  return LOOKS.some((key) => place === `${ONESELF} ${key}`);
}
