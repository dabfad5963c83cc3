// Theme, density and language, lists that work at once.

import type { JSX } from "preact";
import { t, type Language } from "../phrases.ts";
import { useWatched } from "./parts.tsx";
import { DENSITIES, settings, THEMES, type Density, type Theme } from "./settings.ts";

export function Choice({ isWhole = false }: { isWhole?: boolean }): JSX.Element {
  useWatched(settings);
  return (
    <div class={isWhole ? "stack" : "choice"}>
      <label class={isWhole ? "field" : ""}>
        <span>{t("theme")}</span>
        <select value={settings.theme} onChange={(event) => settings.set({ theme: event.currentTarget.value as Theme })}>
          {THEMES.map((theme) => <option key={theme} value={theme}>{t(`theme-${theme}`)}</option>)}
        </select>
      </label>
      {isWhole && (
        <label class="field">
          <span>{t("density")}</span>
          <select value={settings.density} onChange={(event) => settings.set({ density: event.currentTarget.value as Density })}>
            {DENSITIES.map((density) => <option key={density} value={density}>{t(`density-${density}`)}</option>)}
          </select>
        </label>
      )}
      <label class={isWhole ? "field" : ""}>
        <span>{t("language")}</span>
        <select value={settings.language} onChange={(event) => settings.set({ language: event.currentTarget.value as Language })}>
          <option value="en" lang="en">English</option>
          <option value="ru" lang="ru">Русский</option>
        </select>
      </label>
    </div>
  );
}
