// The messages of a conversation. A window of them is on the page, and slides when one scrolls, however many there are;
// what one is reading stays where it is, whatever comes above or below.

import type { JSX } from "preact";
import { useCallback, useLayoutEffect, useRef, useState } from "preact/hooks";
import { firstNews, newer, older, toNow } from "../chat/history.ts";
import type { Conversation, Entry } from "../chat/model.ts";
import { t } from "../phrases.ts";
import { Icon, clock, dayName, dayOf, shortMoment, useWatched } from "./parts.tsx";
import type { Desk } from "./desk.ts";
import { Events, Row, Unsent, stampOf } from "./message.tsx";
import { settings } from "./settings.ts";
import { endOf, startOf } from "./span.ts";

const LEAST_HEIGHT = 20; // of a row, in pixels
const NEAR = 600; // pixels from an edge at which the window slides
const SPARE = 8; // rows by which it slides further than it must: many small steps keep every frame short
const GROUP = 5 * 60_000; // messages of one person within so many milliseconds stand together

interface Props {
  desk: Desk;
  conversation: Conversation;
}

export function Log({ desk, conversation }: Props): JSX.Element {
  useWatched(conversation, desk, settings);
  const { chat } = desk;
  const scroller = useRef<HTMLDivElement>(null);
  const anchor = useRef<{ key: string; top: number } | null>(null);
  const isStuck = useRef(true); // to the newest
  const [, again] = useState(0);
  // The end of the window as a place that pages in front do not move; null: the newest.
  const [end, setEnd] = useState<number | null>(null);
  const [shown, setShown] = useState("");
  const seen = useRef(0);

  const { entries, first } = conversation;
  const isShown = (entry: Entry): boolean =>
    !(entry.kind === "event" && settings.isHidingEvents && entry.text[0] === "\x01") && !(chat.blocked.size > 0 && chat.isBlocked(entry.from));
  // In rows: never less than fills the page and what is near on both sides of it. Fewer of them are quicker to lay out and paint.
  const most = Math.ceil((innerHeight + 2 * NEAR) / LEAST_HEIGHT) + SPARE;
  const to = end === null ? entries.length : Math.min(entries.length, end + first);
  const from = startOf(entries, to, most, isShown);
  const isApart = conversation.sync === "apart";
  const isAtEnd = to === entries.length && !isApart;
  const news = isStuck.current && isAtEnd ? 0 : entries.length - first - seen.current;
  if (isStuck.current && isAtEnd) seen.current = entries.length - first;

  const keepAnchor = useCallback(() => {
    const box = scroller.current!;
    const edge = box.getBoundingClientRect().top;
    // Messages alone: what happened between them is one row under the name of its first, which a page in front may change.
    const all = box.querySelectorAll<HTMLElement>("article[data-key]");
    let low = 0;
    for (let high = all.length; low < high;) {
      const middle = (low + high) >> 1;
      if (all[middle]!.getBoundingClientRect().bottom > edge) high = middle;
      else low = middle + 1;
    }
    const row = all[low];
    anchor.current = row === undefined ? null : { key: row.dataset["key"]!, top: row.getBoundingClientRect().top - edge };
  }, []);

  /** Slide the window where one is near an edge of it, and load what lies beyond the last of what is here. */
  const slide = (): void => {
    const box = scroller.current!;
    const below = box.scrollHeight - box.scrollTop - box.clientHeight;
    const height = box.scrollHeight / Math.max(1, rows.length); // of a row, more or less
    const step = Math.min(most >> 1, Math.ceil((NEAR - Math.min(box.scrollTop, below)) / height) + SPARE);
    if (box.scrollTop < NEAR) {
      if (from > 0) setEnd(endOf(entries, startOf(entries, from, step, isShown), most, isShown) - first);
      else older(chat, conversation);
    } else if (below < NEAR && to === entries.length && isApart) newer(chat, conversation);
    else if (below < NEAR && !isAtEnd) {
      const further = endOf(entries, to, step, isShown);
      setEnd(further === entries.length && !isApart ? null : further - first);
    } else if (end === null && from > 0) setEnd(to - first);
  };

  const onScroll = (): void => {
    const box = scroller.current;
    if (box === null) return; // told of at the next frame, when another conversation may be open
    isStuck.current = isAtEnd && box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    keepAnchor();
    seeLine(box);
    if (!isStuck.current) slide();
    else if (end !== null) setEnd(null);
    else if (news > 0) again((count) => count + 1);
  };

  // What one says oneself one sees, wherever one has read.
  const sent = useRef(conversation.pending.at(-1)?.token);
  useLayoutEffect(() => {
    const newest = conversation.pending.at(-1)?.token;
    if (newest !== undefined && newest !== sent.current) toNewest();
    sent.current = newest ?? sent.current;
  });

  useLayoutEffect(() => {
    const box = scroller.current!;
    if (isStuck.current && isAtEnd) {
      box.scrollTop = box.scrollHeight;
    } else if (anchor.current !== null) {
      const row = box.querySelector<HTMLElement>(`[data-key="${anchor.current.key}"]`);
      if (row !== null) {
        const top = row.getBoundingClientRect().top - box.getBoundingClientRect().top;
        if (Math.abs(top - anchor.current.top) > 0.5) box.scrollTop += top - anchor.current.top;
      }
      // Who holds still at the very top scrolls no more: a page that has come is beyond it.
      slide();
    }
    // A page that does not fill the window cannot be scrolled: ask for more at once.
    if (conversation.sync === "live" && box.scrollHeight <= box.clientHeight) older(chat, conversation);
  });

  useLayoutEffect(() => {
    const box = scroller.current!;
    const stay = new ResizeObserver(() => {
      if (isStuck.current) box.scrollTop = box.scrollHeight;
    });
    stay.observe(box);
    return () => stay.disconnect();
  }, []);

  /** The arrow keys go from message to message; Tab then goes to what can be done with one. */
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const target = event.target as HTMLElement;
    if (step === undefined || event.altKey || (target !== scroller.current && target.tagName !== "ARTICLE")) return;
    event.preventDefault();
    const all = [...(scroller.current?.querySelectorAll<HTMLElement>("article[data-key]") ?? [])];
    const next = target === scroller.current ? all.at(-1) : all[all.indexOf(target) + step];
    next?.focus({ preventScroll: true });
    next?.scrollIntoView({ block: "nearest" });
  };

  const toNewest = (): void => {
    isStuck.current = true;
    setEnd(null);
    toNow(chat, conversation);
    again((count) => count + 1);
  };

  /** How many one has missed is told until one sees where they begin. */
  const seeLine = (box: HTMLElement): void => {
    if (conversation.missed === 0 || conversation.sync === "loading") return;
    const line = box.querySelector(".line");
    if (line === null || line.getBoundingClientRect().top < box.getBoundingClientRect().top) return;
    conversation.missed = 0;
    again((count) => count + 1);
  };
  useLayoutEffect(() => seeLine(scroller.current!));
  const toUnread = (): void => firstNews(chat, conversation, (entry) => {
    conversation.missed = 0;
    if (entry !== null) showPlace(entry.msgid);
    conversation.changed();
  });

  const jump = (msgid: string): void => desk.jump(conversation.name, msgid);
  const showPlace = (msgid: string): void => {
    const entry = conversation.find(msgid);
    if (entry === undefined) return;
    const at = entries.indexOf(entry);
    isStuck.current = false;
    anchor.current = { key: entry.key, top: 120 };
    // Always: a window that ends at the newest would run away with what comes.
    setEnd(endOf(entries, at, most >> 1, isShown) - first);
    setShown(entry.key);
    again((count) => count + 1);
    setTimeout(() => {
      // Whoever has begun to type elsewhere in the meantime goes on typing there.
      if (document.activeElement?.matches("input, textarea") === true) return;
      scroller.current?.querySelector<HTMLElement>(`[data-key="${entry.key}"]`)?.focus({ preventScroll: true });
    }, 50);
  };
  // Somebody wants to see a place: a hit of a search, what an answer answers, a link.
  const { place } = desk;
  const shownTurn = useRef(0);
  useLayoutEffect(() => {
    if (place === null || place.conversation !== conversation || place.turn <= shownTurn.current) return;
    shownTurn.current = place.turn;
    showPlace(place.msgid);
  });

  const rows: JSX.Element[] = [];
  let before: Entry | null = null; // of the same group, perhaps
  let day = 0;
  let isLineDrawn = conversation.line === 0;
  let events: Entry[] = [];
  const closeEvents = (): void => {
    if (events.length > 0) rows.push(<Events key={events[0]!.key} entries={events} />);
    events = [];
  };
  for (const entry of entries.slice(from, to)) {
    if (!isShown(entry)) continue;
    if (day !== dayOf(entry.time)) {
      closeEvents();
      day = dayOf(entry.time);
      rows.push(<div key={`d${entry.key}`} class="day" role="separator"><span>{dayName(entry.time)}</span></div>);
      before = null;
    }
    if (!isLineDrawn && entry.time > conversation.line && !entry.isMine && entry.kind !== "event") {
      closeEvents();
      isLineDrawn = true;
      rows.push(<div key="line" class="line" role="separator"><span>{t("new-line")}</span></div>);
      before = null;
    }
    if (entry.kind === "event") {
      events.push(entry);
      before = null;
      continue;
    }
    closeEvents();
    const isFirst =
      before === null || before.from !== entry.from || before.kind === "action" || entry.kind === "action" ||
      entry.reply !== "" || entry.time - before.time > GROUP;
    rows.push(
      <Row
        key={entry.key} desk={desk} conversation={conversation} entry={entry} isFirst={isFirst} isShown={shown === entry.key}
        onJump={jump} stamp={stampOf(desk, conversation, entry)}
      />,
    );
    before = entry;
  }
  closeEvents();

  return (
    <div class="log-frame">
      <div class="log" ref={scroller} onScroll={onScroll} onKeyDown={onKeyDown} role="log" aria-label={t("messages")} tabIndex={0}>
        <div class="log-inside">
          {/* One child, laid out as a block: to lay out hundreds of children of a flex box anew at each step is slow. */}
          <div>
            <Top conversation={conversation} isOnPage={from === 0} />
            {rows}
            {isApart && to === entries.length && <p class="top">{t("loading")}</p>}
            {isAtEnd && conversation.pending.map((one) => (
              <Unsent key={one.token} desk={desk} conversation={conversation} outgoing={one} />
            ))}
          </div>
        </div>
      </div>
      {conversation.missed > 0 && conversation.sync !== "loading" && conversation.sync !== "none" && (
        <button type="button" class="to-unread" onClick={toUnread}>
          <Icon name="down" /> {t("n-unread-since", { n: conversation.missed, a: dayOf(conversation.line) === dayOf(Date.now()) ? clock(conversation.line) : shortMoment(conversation.line) })}
        </button>
      )}
      {!(isStuck.current && isAtEnd) && (
        <button type="button" class="to-newest" onClick={toNewest}>
          {news > 0 && !isApart ? t("n-new", { n: news }) : t("to-newest")} <Icon name="down" />
        </button>
      )}
    </div>
  );
}

function Top({ conversation, isOnPage }: { conversation: Conversation; isOnPage: boolean }): JSX.Element | null {
  if (!isOnPage) return null;
  const { sync, isWhole, name, entries } = conversation;
  if (sync === "none" || (sync === "loading" && entries.length === 0) || !isWhole) {
    return <p class="top">{sync === "none" ? "" : t("loading")}</p>;
  }
  return (
    <p class="top">
      <strong><bdi>{t("the-beginning", { name })}</bdi></strong>
      {entries.every((entry) => entry.kind === "event") && <><br />{t("nothing-yet")}</>}
    </p>
  );
}
