// Small parts that several of the page's components share.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useReducer, useRef } from "preact/hooks";
import type { Watched } from "../chat/model.ts";
import { currentLanguage, t, type Phrase } from "../phrases.ts";
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

/** A name; a button where it leads to its person. */
export function Nick({ name, onClick }: { name: string; onClick?: () => void }): JSX.Element {
  if (onClick === undefined) return <bdi class={`nick ${hue(name)}`}>{name}</bdi>;
  return <button type="button" class={`nick ${hue(name)}`} onClick={onClick}><bdi>{name}</bdi></button>;
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
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14M16 16l5 5",
  thread: "M4 5h16v10H9l-5 4zM8 9h8M8 12h5",
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18M12 11v5M12 8v.01",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 20a2 2 0 0 0 4 0",
  muted: "M6 16V11a6 6 0 0 1 9-5M18 11v5l2 2H8M4 4l16 16",
  more: "M5 12v.01M12 12v.01M19 12v.01",
  shield: "M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6z",
  keys: "M3 7h18v10H3zM7 10v.01M11 10v.01M15 10v.01M8 14h8",
  switch: "M4 8h13M14 4l4 4-4 4M20 16H7M10 12l-4 4 4 4",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M5 20a7 7 0 0 1 14 0",
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
  isWide?: boolean;
}

/** A window over the page: the browser itself keeps the focus in it, and Escape closes it. */
export function Dialog({ title, onClose, children, isWide = false }: DialogProps): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = element.current!;
    shown.showModal();
    return () => shown.close();
  }, []);
  return (
    <dialog
      ref={element}
      aria-label={title} class={isWide ? "is-wide" : ""}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === element.current && onClose()}
    >
      <div class="dialog">
        <header>
          <h2><bdi>{title}</bdi></h2>
          <IconButton icon="close" label={t("close")} onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

interface TabsProps<T extends string> {
  names: readonly T[];
  now: T;
  label: string;
  nameOf: (name: T) => string;
  choose: (name: T) => void;
}

/** The pages of a window; arrow keys go from one to the next. */
export function Tabs<T extends string>({ names, now, label, nameOf, choose }: TabsProps<T>): JSX.Element {
  const turn = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    choose(names[(names.indexOf(now) + step + names.length) % names.length]!);
    const tabs = (event.currentTarget as HTMLElement).querySelectorAll("button");
    tabs[(names.indexOf(now) + step + names.length) % names.length]?.focus();
  };
  const row = useRef<HTMLDivElement>(null);
  // Where there is no room for all of them, the one that is open is to be seen.
  useLayoutEffect(() => row.current!.querySelector("[aria-selected=true]")!.scrollIntoView({ block: "nearest", inline: "center" }), [now]);
  return (
    <div ref={row} class="tabs" role="tablist" aria-label={label} onKeyDown={turn}>
      {names.map((name) => (
        <button
          key={name} type="button" role="tab" aria-selected={name === now} tabIndex={name === now ? 0 : -1} onClick={() => choose(name)}
        >
          {nameOf(name)}
        </button>
      ))}
    </div>
  );
}

/** For how long somebody is kept silent or out, and why. */
export interface Terms {
  reason: string;
  minutes: number; // 0: until it is lifted
}

const TIMES: [number, Phrase][] = [[10, "for-10m"], [60, "for-hour"], [1440, "for-day"], [10080, "for-week"], [0, "for-ever"]];

export function TermsFields({ terms, set, hint }: { terms: Terms; set: (terms: Terms) => void; hint?: string }): JSX.Element {
  const { reason, minutes } = terms;
  return (
    <>
      <label class="field">
        <span>{t("reason")}</span>
        <input value={reason} maxLength={200} placeholder={hint} onInput={(event) => set({ reason: event.currentTarget.value, minutes })} />
      </label>
      <label class="field">
        <span>{t("how-long")}</span>
        <select value={minutes} onChange={(event) => set({ reason, minutes: Number(event.currentTarget.value) })}>
          {TIMES.map(([value, phrase]) => <option key={value} value={value}>{t(phrase)}</option>)}
        </select>
      </label>
    </>
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

export function shortMoment(time: number): string {
  return formatOf("short", { dateStyle: "medium", timeStyle: "short" }).format(time);
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
