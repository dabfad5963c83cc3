// What the reader has chosen, kept in the browser: the theme, the language and the name. Never a password.

import { Watched } from "../chat/model.ts";
import { setLanguage, type Language } from "../phrases.ts";

export type Theme = "system" | "light" | "dark";

const KEY = "veche";

class Settings extends Watched {
  theme: Theme = "system";
  language: Language = navigator.language.toLowerCase().startsWith("ru") ? "ru" : "en";
  name = "";

  load(): void {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Record<string, unknown>>;
      if (kept["theme"] === "light" || kept["theme"] === "dark") this.theme = kept["theme"];
      if (kept["language"] === "en" || kept["language"] === "ru") this.language = kept["language"];
      if (typeof kept["name"] === "string") this.name = kept["name"];
    } catch {
      // Storage that is forbidden or spoilt: what is not kept is asked again.
    }
    this.obey();
  }

  set(chosen: Partial<Pick<Settings, "theme" | "language" | "name">>): void {
    Object.assign(this, chosen);
    try {
      const { theme, language, name } = this;
      localStorage.setItem(KEY, JSON.stringify({ theme, language, name }));
    } catch {
      // As above.
    }
    this.obey();
    this.changed();
  }

  private obey(): void {
    setLanguage(this.language);
    document.documentElement.lang = this.language;
    document.documentElement.dataset["theme"] = this.theme;
  }
}

export const settings = new Settings();
