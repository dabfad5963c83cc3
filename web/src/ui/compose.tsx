// Where one writes: Enter sends, Shift+Enter begins a line, Tab completes, the arrow up brings back what one has said.

import type { JSX } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Chat } from "../chat/chat.ts";
import type { Conversation } from "../chat/model.ts";
import { edit, send } from "../chat/sending.ts";
import { t } from "../phrases.ts";
import { isRoom } from "../wire/names.ts";
import { bare } from "../wire/rich.ts";
import { COMMANDS, obey } from "./commands.ts";
import { complete, offers, take, type Completion, type Offer } from "./completion.ts";
import type { Desk } from "./desk.ts";
import { EMOJI } from "./emoji.ts";
import { keepDraft } from "./drafts.ts";
import { IconButton, useWatched } from "./parts.tsx";

interface Props {
  desk: Desk;
  conversation: Conversation;
  thread?: string; // what is said here answers this message
}

const said: string[] = []; // of this visit, newest last
const MOST_SAID = 100;

export function Compose({ desk, conversation, thread = "" }: Props): JSX.Element {
  useWatched(conversation);
  const { chat } = desk;
  const isThread = thread !== "";
  const field = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState(isThread ? "" : conversation.draft);
  const [at, setAt] = useState(0);
  const [chosen, setChosen] = useState(0);
  const [isDismissed, setDismissed] = useState(false);
  const completion = useRef<Completion | null>(null);
  const back = useRef(0); // how far in `said`
  const list = useId();
  const editing = isThread ? null : conversation.editing;
  const offered = isDismissed ? [] : offers(text, at, /(?:^|\s)[@#/:]\S*$/.test(text.slice(0, at)) ? wordsOf(chat, conversation) : []);

  useEffect(() => {
    if (matchMedia("(hover: hover)").matches) field.current?.focus();
  }, [conversation, conversation.replyTo, editing]);

  useEffect(() => {
    if (editing !== null) change(editing.text);
  }, [editing]);

  useLayoutEffect(() => {
    const box = field.current!;
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight + 2, innerHeight * 0.4)}px`;
  }, [text]);

  const change = (fresh: string): void => {
    setText(fresh);
    if (isThread || conversation.editing !== null) return;
    conversation.draft = fresh;
    keepDraft(chat, conversation.key, fresh);
  };

  const put = (fresh: { text: string; at: number }): void => {
    change(fresh.text);
    setAt(fresh.at);
    queueMicrotask(() => field.current?.setSelectionRange(fresh.at, fresh.at));
  };

  const stopEditing = (): void => {
    conversation.editing = null;
    change("");
    conversation.changed();
  };

  const say = (): void => {
    const whole = text.replace(/\s+$/, "");
    if (editing !== null) {
      edit(chat, conversation, editing, whole);
      stopEditing();
      return;
    }
    if (whole.trim() === "") return;
    said.push(whole);
    if (said.length > MOST_SAID) said.shift();
    back.current = 0;
    change("");
    if (isThread || !obey(desk, conversation, whole)) {
      send(chat, conversation, whole.startsWith("//") ? whole.slice(1) : whole, "say", thread);
    }
    field.current?.focus();
  };

  const recall = (step: number): void => {
    back.current = Math.max(0, Math.min(said.length, back.current + step));
    change(back.current === 0 ? "" : said[said.length - back.current]!);
  };

  /** The keys of the list of offers; whether it took this one. */
  const steer = (event: KeyboardEvent): boolean => {
    if (offered.length === 0) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setChosen((chosen + step + offered.length) % offered.length);
    else if (event.key === "Escape") setDismissed(true);
    else if (event.key === "Tab" || (event.key === "Enter" && !text.startsWith("/"))) accept(offered[chosen] ?? offered[0]!);
    else return false;
    event.preventDefault();
    return true;
  };
  const accept = (offer: Offer): void => {
    put(take(text, at, offer));
    setChosen(0);
    field.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.isComposing || event.altKey) return;
    const box = event.currentTarget as HTMLTextAreaElement;
    if (!event.shiftKey && steer(event)) return;
    if (event.key === "Tab" && !event.shiftKey && text !== "") {
      const found = complete(text, box.selectionStart, completion.current, wordsOf(chat, conversation));
      if (found === null) return; // nothing to complete: Tab goes on, as everywhere
      event.preventDefault();
      completion.current = found;
      put(found);
      return;
    }
    if (event.key !== "Shift") completion.current = null;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      say();
    } else if (event.key === "ArrowUp" && (event.ctrlKey || event.metaKey) && !isThread) {
      event.preventDefault();
      editLast();
    } else if (event.key === "ArrowUp" && (text === "" || back.current > 0) && editing === null) {
      event.preventDefault();
      recall(1);
    } else if (event.key === "ArrowDown" && back.current > 0) {
      event.preventDefault();
      recall(-1);
    } else if (event.key === "Escape" && editing !== null) {
      stopEditing();
    } else if (event.key === "Escape" && conversation.replyTo !== null) {
      conversation.replyTo = null;
      conversation.changed();
    }
  };

  const editLast = (): void => {
    if (!chat.caps.has("draft/message-edit")) return;
    conversation.editing = conversation.entries.findLast((one) => one.isMine && one.msgid !== "" && !one.isRedacted) ?? null;
    conversation.changed();
  };

  const onInput = (fresh: string, cursor: number): void => {
    const named = /(?:^|\s):([a-z0-9_+-]+):$/i.exec(fresh.slice(0, cursor))?.[1]?.toLowerCase();
    const emoji = named === undefined ? undefined : EMOJI.find((one) => one.names.includes(named));
    if (emoji === undefined) {
      change(fresh);
      setAt(cursor);
    } else {
      const start = cursor - named!.length - 2;
      put({ text: fresh.slice(0, start) + emoji.text + fresh.slice(cursor), at: start + emoji.text.length });
    }
    setChosen(0);
    setDismissed(false);
    back.current = 0;
    chat.typing(conversation, fresh !== "" && !fresh.startsWith("/"));
  };

  const hint = isThread ? t("answer-here") : t("write-in", { name: conversation.name });
  return (
    <div class="compose">
      {!isThread && <Typists conversation={conversation} />}
      {!isThread && <Above conversation={conversation} stopEditing={stopEditing} />}
      {offered.length > 0 && (
        <ul class="offers" id={list} role="listbox" aria-label={t("offers")}>
          {offered.map((offer, index) => (
            <li
              key={offer.put} id={`${list}-${index}`} role="option" aria-selected={index === chosen}
              onMouseDown={(event) => { event.preventDefault(); accept(offer); }}
            >
              <bdi>{offer.shown}</bdi>
            </li>
          ))}
        </ul>
      )}
      <form onSubmit={(event) => { event.preventDefault(); say(); }}>
        <textarea
          ref={field} rows={1} value={text} placeholder={hint} aria-label={hint} enterkeyhint="send" aria-autocomplete="list"
          aria-controls={offered.length > 0 ? list : undefined}
          aria-activedescendant={offered.length > 0 ? `${list}-${chosen}` : undefined}
          onInput={(event) => onInput(event.currentTarget.value, event.currentTarget.selectionStart)}
          onSelect={(event) => setAt(event.currentTarget.selectionStart)}
          onKeyDown={onKeyDown}
        />
        <button type="submit" class="send" aria-label={t("send")} title={t("send")} disabled={text.trim() === ""}>
          <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="M4 12l16-8-6 16-3-7z" /></svg>
        </button>
      </form>
    </div>
  );
}

function wordsOf(chat: Chat, conversation: Conversation): string[] {
  const nicks = [...conversation.members.keys()].map((key) => chat.people.get(key)?.nick ?? key);
  if (!conversation.isRoom) nicks.push(conversation.name);
  const spoken = conversation.entries.slice(-200).map((entry) => entry.from).reverse();
  const recent = [...new Set(spoken)].filter((nick) => nicks.includes(nick) && !chat.isMe(nick));
  const rest = nicks.filter((nick) => !chat.isMe(nick)).sort();
  const rooms = [...chat.conversations.values()].filter((one) => isRoom(one.name)).map((one) => one.name);
  return [...new Set([...recent, ...rest]), ...rooms, ...Object.keys(COMMANDS).map((name) => `/${name}`)];
}

/** What one answers, or says anew. */
function Above({ conversation, stopEditing }: { conversation: Conversation; stopEditing: () => void }): JSX.Element | null {
  const { replyTo, editing } = conversation;
  if (editing !== null) {
    return (
      <div class="answering">
        <span>{t("editing")}: <bdi>{bare(editing.text).slice(0, 120)}</bdi></span>
        <IconButton icon="close" label={t("cancel")} onClick={stopEditing} />
      </div>
    );
  }
  if (replyTo === null) return null;
  return (
    <div class="answering">
      <span>{t("answer-to", { name: replyTo.from })}: <bdi>{bare(replyTo.text).slice(0, 120)}</bdi></span>
      <IconButton icon="close" label={t("cancel")} onClick={() => { conversation.replyTo = null; conversation.changed(); }} />
    </div>
  );
}

function Typists({ conversation }: { conversation: Conversation }): JSX.Element {
  const [a = "", b = "", ...more] = conversation.typing.keys();
  const text = a === "" ? "" : b === "" ? t("types-1", { a }) : more.length === 0 ? t("types-2", { a, b }) : t("types-many");
  return <div class="typists" aria-live="polite"><bdi>{text}</bdi></div>;
}
