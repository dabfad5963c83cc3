// Looking for what was said: words and filters, and the hits. A hit shows what was around it, and leads to its place.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { isAsked, MOST_HITS, search, surroundings, type Hit, type Hits, type Question } from "../chat/search.ts";
import { t } from "../phrases.ts";
import { bare } from "../wire/rich.ts";
import type { Desk } from "./desk.ts";
import { IconButton, Nick, clock, shortMoment } from "./parts.tsx";

// Kept while the page is open: who comes back from a hit finds the others.
let last: { question: Question; hits: Hits | null } = { question: { text: "", in: "", from: "", after: "", before: "" }, hits: null };

export function Search({ desk }: { desk: Desk }): JSX.Element {
  const { chat } = desk;
  const [question, setQuestion] = useState(last.question);
  const [hits, setHits] = useState(last.hits);
  const [isLooking, setLooking] = useState(false);
  const [isOpen, setOpen] = useState(question.from + question.after + question.before !== "");
  const turn = useRef(0);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  last = { question, hits };

  const look = (asked: Question): void => {
    setQuestion(asked);
    if (!isAsked(asked)) {
      setHits(null);
      return;
    }
    const mine = ++turn.current;
    setLooking(true);
    search(chat, asked, (found) => {
      if (mine !== turn.current) return;
      setLooking(false);
      setHits(found);
    });
  };
  const set = (change: Partial<Question>): void => setQuestion({ ...question, ...change });
  return (
    <aside class="side search" aria-label={t("search")}>
      <header class="bar">
        <h2>{t("search")}</h2>
        <IconButton icon="close" label={t("close")} onClick={() => desk.closeSide()} />
      </header>
      <form class="filters" role="search" onSubmit={(event) => { event.preventDefault(); look(question); }}>
        <div class="seek">
          <input
            ref={field} type="search" placeholder={t("search-words")} aria-label={t("search-words")} value={question.text}
            onInput={(event) => set({ text: event.currentTarget.value })}
          />
          <button type="submit" class="primary" disabled={!isAsked(question) || chat.state !== "in"}>{t("find")}</button>
        </div>
        <label class="field">
          <span>{t("where")}</span>
          <select
            value={question.in}
            onChange={(event) => look({ ...question, in: event.currentTarget.value })}
          >
            <option value="">{t("everywhere")}</option>
            {chat.sorted().map((one) => <option key={one.key} value={one.name}>{one.name}</option>)}
          </select>
        </label>
        <button type="button" class="link" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>{t("more-filters")}</button>
        {isOpen && (
          <>
            <label class="field">
              <span>{t("from-whom")}</span>
              <input value={question.from} maxLength={40} onInput={(event) => set({ from: event.currentTarget.value })} />
            </label>
            <label class="field">
              <span>{t("since-day")}</span>
              <input type="date" value={question.after} onInput={(event) => set({ after: event.currentTarget.value })} />
            </label>
            <label class="field">
              <span>{t("until-day")}</span>
              <input type="date" value={question.before} onInput={(event) => set({ before: event.currentTarget.value })} />
            </label>
          </>
        )}
      </form>
      <div class="scroll" aria-live="polite">
        <p class="hint">{isLooking ? t("looking") : said(hits)}</p>
        <ol class="hits">
          {hits?.hits.map((hit) => <Found key={hit.entry.msgid} desk={desk} hit={hit} words={question.text} />)}
        </ol>
      </div>
    </aside>
  );
}

function said(hits: Hits | null): string {
  if (hits === null) return t("search-hint");
  if (hits.hits.length === 0) return hits.note || t("no-hits");
  const count = hits.hits.length >= MOST_HITS ? t("first-hits", { n: MOST_HITS }) : t("n-hits", { n: hits.hits.length });
  return hits.note === "" ? count : `${count} ${t("hits-incomplete")}`;
}

function Found({ desk, hit, words }: { desk: Desk; hit: Hit; words: string }): JSX.Element {
  const [, again] = useState(0);
  const { entry, around, where } = hit;
  const shown = around ?? [entry];
  return (
    <li class="hit">
      <header><bdi>{where}</bdi> <time title={shortMoment(entry.time)}>{shortMoment(entry.time)}</time></header>
      {shown.map((one) => (
        <p key={one.key} class={`said ${one.msgid === entry.msgid ? "is-hit" : ""}`}>
          <Nick name={one.from} /> {around !== null && <time>{clock(one.time)}</time>}{" "}
          <bdi>{marked(one.isRedacted ? t("removed") : bare(one.text).slice(0, 400), one.msgid === entry.msgid ? words : "")}</bdi>
        </p>
      ))}
      <div class="question">
        <button type="button" onClick={() => desk.jump(where, entry.msgid)}>{t("to-message")}</button>
        {around === null && (
          <button type="button" onClick={() => surroundings(desk.chat, hit, () => again((count) => count + 1))}>{t("show-around")}</button>
        )}
      </div>
    </li>
  );
}

/** The words that were looked for, as they were typed, stand out; their other forms do not. */
function marked(text: string, words: string): (JSX.Element | string)[] {
  const stems = (words.match(/[\p{L}\p{N}]{2,}/gu) ?? []).map((word) => word.slice(0, Math.max(3, word.length - 2)));
  if (stems.length === 0) return [text];
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${stems.join("|")})[\\p{L}\\p{N}]*`, "giu");
  const found: (JSX.Element | string)[] = [];
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    found.push(text.slice(from, match.index), <mark key={match.index}>{match[0]}</mark>);
    from = match.index + match[0].length;
  }
  return [...found, text.slice(from)];
}
