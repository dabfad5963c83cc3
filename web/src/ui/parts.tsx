// Small parts that several of the page's components share.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useReducer, useRef } from "preact/hooks";
import type { Watched } from "../chat/model.ts";
import { currentLanguage, t } from "../phrases.ts";
import { fold } from "../wire/names.ts";

/** Render again whenever one of these changes. */
export function useWatched(...watched: (Watched | null)[]): void {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    const ends = watched.map((one) => one?.watch(() => again(undefined)));
    return () => ends.forEach((end) => end?.());
  }, watched);
}

/** One of twelve hues, the same for a name wherever it is shown. */
export function hue(name: string): string {
  let sum = 0x811c9dc5; // FNV-1a, and a last stir, since neighbours differ in low bits alone
  for (const char of fold(name)) sum = Math.imul(sum ^ char.codePointAt(0)!, 0x01000193);
  sum = Math.imul(sum ^ (sum >>> 15), 0x2c1b3c6d);
  return `hue${((sum ^ (sum >>> 13)) >>> 0) % 12}`;
}

export function Avatar({ name, isAway = false }: { name: string; isAway?: boolean }): JSX.Element {
  const [first = "?"] = name;
  return (
    <span class={`avatar ${hue(name)} ${isAway ? "is-away" : ""}`} aria-hidden="true">
      {first.toUpperCase()}
    </span>
  );
}

export function Nick({ name }: { name: string }): JSX.Element {
  return <bdi class={`nick ${hue(name)}`}>{name}</bdi>;
}

const PATHS = {
  menu: "M4 6h16M4 12h16M4 18h16",
  people: "M16 19v-1a4 4 0 0 0-4-4H7a4 4 0 0 0-4 4v1M9.5 10a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M21 19v-1a4 4 0 0 0-3-3.8M16 3.2a3.5 3.5 0 0 1 0 6.6",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12l16-8-6 16-3-7z",
  reply: "M9 7L4 12l5 5M4 12h10a6 6 0 0 1 6 6v1",
  react: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M8.5 14a4 4 0 0 0 7 0M9 9.5v.01M15 9.5v.01",
  remove: "M5 7h14M10 11v6M14 11v6M6 7l1 13h10l1-13M9 7V4h6v3",
  plus: "M12 5v14M5 12h14",
  gear: "M4 7h10M18 7h2M4 17h2M10 17h10M16 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4M8 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4",
  leave: "M14 8V5H5v14h9v-3M10 12h11M18 9l3 3-3 3",
  down: "M6 9l6 6 6-6",
};

export function Icon({ name }: { name: keyof typeof PATHS }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

interface ButtonProps {
  icon: keyof typeof PATHS;
  label: string;
  onClick: () => void;
  class?: string;
  expanded?: boolean;
}

export function IconButton({ icon, label, onClick, class: more = "", expanded }: ButtonProps): JSX.Element {
  return (
    <button type="button" class={`icon-button ${more}`} aria-label={label} title={label} aria-expanded={expanded} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}

/** A window over the page: the browser itself keeps the focus in it, and Escape closes it. */
export function Dialog({ title, onClose, children }: DialogProps): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = element.current!;
    shown.showModal();
    return () => shown.close();
  }, []);
  return (
    <dialog
      ref={element}
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === element.current && onClose()}
    >
      <div class="dialog">
        <header>
          <h2>{title}</h2>
          <IconButton icon="close" label={t("close")} onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = name + currentLanguage();
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat(currentLanguage(), options);
    formats.set(key, found);
  }
  return found;
}

export function clock(time: number): string {
  return formatOf("clock", { hour: "2-digit", minute: "2-digit" }).format(time);
}

export function moment(time: number): string {
  return formatOf("moment", { dateStyle: "long", timeStyle: "medium" }).format(time);
}

/** A number that is equal for two moments of the same day here. */
export function dayOf(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}

export function dayName(time: number): string {
  const today = dayOf(Date.now());
  if (dayOf(time) === today) return t("today");
  if (dayOf(time) === dayOf(today - 43_200_000)) return t("yesterday");
  const isThisYear = new Date(time).getFullYear() === new Date().getFullYear();
  return formatOf(`day${isThisYear}`, {
    weekday: "long", day: "numeric", month: "long", ...(isThisYear ? {} : { year: "numeric" }),
  }).format(time);
}
