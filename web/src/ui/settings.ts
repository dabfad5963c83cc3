// What the reader has chosen, kept in the browser: looks, language, name, how he is called. Never a password. What of it
// belongs to the person more than to the device, the server keeps too (personal.ts).
//
// Tabs of one browser agree: what one of them chooses, the others obey at once.

import { Watched } from "../chat/model.ts";
import { setLanguage, type Language } from "../phrases.ts";
import { fold } from "../wire/names.ts";

export const THEMES = ["system", "light", "dark", "contrast"] as const;
export type Theme = (typeof THEMES)[number];
export const DENSITIES = ["roomy", "dense"] as const;
export type Density = (typeof DENSITIES)[number];
/** What one is called by: everything, one's name and what is said to one alone, nothing. */
export const LEVELS = ["all", "mentions", "none"] as const;
export type Level = (typeof LEVELS)[number];

export const LANGUAGES = ["en", "ru"] as const;
/** What everybody begins with. */
export const DEFAULTS = { theme: "system", density: "roomy", level: "mentions" } as const;

export interface Kept {
  theme: Theme;
  density: Density;
  language: Language;
  name: string;
  isDesktop: boolean; // notices of the system
  isSound: boolean;
  level: Level; // where nothing else is said
  levels: Record<string, Level>; // by the key of a conversation
  quietFrom: string; // "22:00"; "" for no quiet hours
  quietTo: string;
  isHidingEvents: boolean; // who came and went is not shown
  isOwnLooks: boolean; // theme, density and language are this device's own (personal.ts)
}

const KEY = "veche";
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;

class Settings extends Watched implements Kept {
  theme: Theme = DEFAULTS.theme;
  density: Density = DEFAULTS.density;
  language: Language = navigator.language.toLowerCase().startsWith("ru") ? "ru" : "en";
  name = "";
  isDesktop = false;
  isSound = false;
  level: Level = DEFAULTS.level;
  levels: Record<string, Level> = Object.create(null) as Record<string, Level>;
  quietFrom = "";
  quietTo = "";
  isHidingEvents = false;
  isOwnLooks = false;

  load(): void {
    this.read();
    addEventListener("storage", (event) => {
      if (event.key !== KEY) return;
      this.read();
      this.changed();
    });
  }

  set(chosen: Partial<Kept>): void {
    Object.assign(this, chosen);
    try {
      localStorage.setItem(KEY, JSON.stringify(this.kept()));
    } catch {
      // Storage that is forbidden or full: it is as chosen until the page is closed.
    }
    this.obey();
    this.changed();
  }

  /** How one is called in a conversation. */
  levelOf(name: string): Level {
    return this.levels[fold(name)] ?? this.level;
  }

  setLevel(name: string, level: Level | null): void {
    const levels = Object.assign(Object.create(null) as Record<string, Level>, this.levels);
    if (level === null) delete levels[fold(name)];
    else levels[fold(name)] = level;
    this.set({ levels });
  }

  /** Whether it is a time at which nothing makes a noise; the hours may go over midnight. */
  isQuiet(now: Date): boolean {
    if (this.quietFrom === "" || this.quietTo === "" || this.quietFrom === this.quietTo) return false;
    const at = `${String(now.getHours()).padStart(2, "0")}:${String(now.getMinutes()).padStart(2, "0")}`;
    const { quietFrom: from, quietTo: to } = this;
    return from < to ? at >= from && at < to : at >= from || at < to;
  }

  private kept(): Kept {
    const { theme, density, language, name, isDesktop, isSound, level, levels, quietFrom, quietTo, isHidingEvents, isOwnLooks } = this;
    return { theme, density, language, name, isDesktop, isSound, level, levels, quietFrom, quietTo, isHidingEvents, isOwnLooks };
  }

  private read(): void {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Record<keyof Kept, unknown>>;
      this.theme = one(THEMES, kept.theme) ?? this.theme;
      this.density = one(DENSITIES, kept.density) ?? this.density;
      this.language = one(LANGUAGES, kept.language) ?? this.language;
      this.level = one(LEVELS, kept.level) ?? this.level;
      for (const name of ["name", "quietFrom", "quietTo"] as const) {
        const value = kept[name];
        if (typeof value === "string" && (name === "name" || value === "" || CLOCK.test(value))) this[name] = value;
      }
      for (const name of ["isDesktop", "isSound", "isHidingEvents", "isOwnLooks"] as const) {
        const value = kept[name];
        if (typeof value === "boolean") this[name] = value;
      }
      const levels = Object.create(null) as Record<string, Level>;
      for (const [key, value] of Object.entries(Object(kept.levels) as Record<string, unknown>)) {
        const level = one(LEVELS, value);
        if (level !== undefined) levels[key] = level;
      }
      this.levels = levels;
    } catch {
      // Storage that is forbidden or spoilt: what is not kept is asked again.
    }
    this.obey();
  }

  private obey(): void {
    setLanguage(this.language);
    const { documentElement: page } = document;
    page.lang = this.language;
    page.dataset["theme"] = this.theme;
    page.dataset["density"] = this.density;
  }
}

export function one<T>(values: readonly T[], value: unknown): T | undefined {
  return values.find((known) => known === value);
}

export const settings = new Settings();
