// Theme and language, two lists; they work at once.

import type { JSX } from "preact";
import { t, type Language } from "../phrases.ts";
import { useWatched } from "./parts.tsx";
import { settings, type Theme } from "./settings.ts";

export function Choice(): JSX.Element {
  useWatched(settings);
  return (
    <div class="choice">
      <label>
        <span>{t("theme")}</span>
        <select value={settings.theme} onChange={(event) => settings.set({ theme: event.currentTarget.value as Theme })}>
          <option value="system">{t("theme-system")}</option>
          <option value="light">{t("theme-light")}</option>
          <option value="dark">{t("theme-dark")}</option>
        </select>
      </label>
      <label>
        <span>{t("language")}</span>
        <select value={settings.language} onChange={(event) => settings.set({ language: event.currentTarget.value as Language })}>
          <option value="en" lang="en">English</option>
          <option value="ru" lang="ru">Русский</option>
        </select>
      </label>
    </div>
  );
}
