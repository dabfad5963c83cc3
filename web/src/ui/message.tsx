// One message, what has happened, one message that is still on its way.

import { Component, type JSX } from "preact";
import { useState } from "preact/hooks";
import type { Conversation, Entry, Outgoing } from "../chat/model.ts";
import { discard, retry } from "../chat/sending.ts";
import { currentLanguage, isPhrase, t, type Phrase } from "../phrases.ts";
import { mentions } from "../wire/names.ts";
import { bare, plain } from "../wire/rich.ts";
import type { Desk } from "./desk.ts";
import { findEmoji } from "./emoji.ts";
import { OPERATOR } from "./person.tsx";
import { addressOf } from "./places.ts";
import { Avatar, IconButton, Nick, clock, moment } from "./parts.tsx";
import { RichText } from "./rich.tsx";

const QUICK = ["👍", "❤️", "😂", "🎉", "😮", "👀"];
const RANK_NAMES: Record<string, Phrase> = {
  q: "rank-owner", a: "rank-protected", o: "rank-operator", h: "rank-helper", v: "rank-voice",
};
const MOST_EVENTS = 8; // in a row that are told one by one

interface RowProps {
  desk: Desk;
  conversation: Conversation;
  entry: Entry;
  isFirst: boolean;
  isShown: boolean;
  inThread?: boolean;
  onJump: (msgid: string) => void;
}

/** One message. It is made anew when something of it has changed, and not whenever the page is: there are hundreds. */
export class Row extends Component<RowProps & { stamp: string }> {
  override shouldComponentUpdate(next: RowProps & { stamp: string }): boolean {
    const { entry, isFirst, isShown, stamp, conversation } = this.props;
    return next.entry !== entry || next.isFirst !== isFirst || next.isShown !== isShown || next.stamp !== stamp ||
      next.conversation !== conversation;
  }

  render(): JSX.Element {
    return <Message {...this.props} />;
  }
}

/** Equal while nothing that a message's looks depend on has changed. */
export function stampOf(desk: Desk, conversation: Conversation, entry: Entry): string {
  const quoted = entry.reply === "" ? undefined : conversation.find(entry.reply);
  return `${entry.rev}/${quoted?.rev ?? ""}/${currentLanguage()}/${desk.chat.nick}/${desk.chat.state}`;
}

function Message({ desk, conversation, entry, isFirst, isShown, inThread = false, onJump }: RowProps): JSX.Element {
  const { chat } = desk;
  const [isReacting, setReacting] = useState(false);
  const [isSure, setSure] = useState(true); // false while the question is on the page
  // Its tools are made when the pointer or the focus comes there: five buttons for each of a hundred messages are too many,
  // and so are they for each that passes below a pointer that rests while one scrolls.
  const [isOver, setOver] = useState(false);
  const [isFocused, setFocused] = useState(false);
  const isNear = isOver || isFocused || isReacting;
  const calls = !entry.isMine && mentions(chat.nick, entry.text);
  const when = isNear ? moment(entry.time) + (entry.isMine && entry.msgid !== "" ? ` · ${t("kept")}` : "") : undefined;
  const go = (name: string): void => desk.go(name);
  const answers = conversation.answers.get(entry.msgid) ?? 0;
  const openThread = (): void => desk.turn({ kind: "thread", root: entry.msgid });
  const openPerson = (): void => desk.open({ kind: "person", nick: entry.from, conversation });
  return (
    <article
      data-key={entry.key} tabIndex={-1} aria-label={`${entry.from}, ${clock(entry.time)}`}
      onPointerMove={() => setOver(true)} onPointerLeave={() => setOver(false)} onFocusIn={() => setFocused(true)}
      onFocusOut={(event) => setFocused(event.currentTarget.contains(event.relatedTarget as Node | null))}
      class={`row ${isFirst ? "is-first" : ""} ${calls ? "is-call" : ""} ${isShown ? "is-shown" : ""} ${entry.kind}`}
    >
      {(isFirst || isNear) && (
        <div class="gutter">{isFirst ? <Avatar name={entry.from} /> : <time title={when}>{clock(entry.time)}</time>}</div>
      )}
      {entry.reply !== "" && !inThread && <Quote conversation={conversation} msgid={entry.reply} onJump={onJump} />}
      {isFirst && (
        <header>
          <Nick name={entry.from} onClick={openPerson} /> <time title={when}>{clock(entry.time)}</time>
          {entry.kind === "notice" && <span class="tag">{t("notice")}</span>}
        </header>
      )}
      {entry.isRedacted ? (
        <p class="text is-gone">{t("removed")}</p>
      ) : (
        <div class="text" dir="auto">
          <RichText text={entry.text} nick={chat.nick} onRoom={go} />
          {entry.isEdited && <> <Edited desk={desk} conversation={conversation} entry={entry} /></>}
        </div>
      )}
      <Reactions desk={desk} conversation={conversation} entry={entry} />
      {answers > 0 && !inThread && (
        <button type="button" class="link answers" onClick={openThread}>{t("n-answers", { n: answers })}</button>
      )}
      {!isSure && (
        <div class="question" role="alertdialog" aria-label={t("really-remove")}>
          {t("really-remove")}{" "}
          <button type="button" class="danger" onClick={() => { setSure(true); chat.redact(conversation, entry.msgid); }}>
            {t("remove")}
          </button>{" "}
          <button type="button" onClick={() => setSure(true)}>{t("cancel")}</button>
        </div>
      )}
      {isReacting && (
        <Picker
          onClose={() => setReacting(false)}
          onPick={(text) => { setReacting(false); chat.react(conversation, entry.msgid, text); }}
        />
      )}
      {isNear && !entry.isRedacted && entry.msgid !== "" && (
        <div class="tools">
          <IconButton icon="react" label={t("react")} expanded={isReacting} onClick={() => setReacting(!isReacting)} />
          {!inThread && (
            <IconButton icon="reply" label={t("reply")} onClick={() => { conversation.replyTo = entry; conversation.changed(); }} />
          )}
          {!inThread && <IconButton icon="thread" label={t("thread")} onClick={openThread} />}
          <IconButton icon="link" label={t("copy-link")} onClick={() => copy(desk, addressOf(conversation.name, entry.msgid))} />
          {entry.isMine && chat.caps.has("draft/message-edit") && (
            <IconButton icon="edit" label={t("edit")} onClick={() => { conversation.editing = entry; conversation.changed(); }} />
          )}
          {mayRemove(desk, conversation, entry) && <IconButton icon="remove" label={t("remove")} onClick={() => setSure(false)} />}
        </div>
      )}
    </article>
  );
}

/** That a message was said anew; whoever may read how it was before is led there. */
function Edited({ desk, conversation, entry }: { desk: Desk; conversation: Conversation; entry: Entry }): JSX.Element {
  const isOpen = entry.isMine || (conversation.isRoom && conversation.rankOf(desk.chat.nick) <= OPERATOR);
  if (!isOpen || !desk.chat.caps.has("draft/message-edit")) return <small class="edited">{t("edited")}</small>;
  return (
    <button
      type="button" class="link edited" title={t("wordings", { name: entry.from })}
      onClick={() => desk.open({ kind: "wordings", conversation, entry })}
    >
      {t("edited")}
    </button>
  );
}

function mayRemove(desk: Desk, conversation: Conversation, entry: Entry): boolean {
  const { chat } = desk;
  const isModerator = conversation.isRoom && conversation.rankOf(chat.nick) <= OPERATOR;
  return (entry.isMine || isModerator) && chat.caps.has("draft/message-redaction");
}

export function copy(desk: Desk, text: string): void {
  const told = (isCopied: boolean): void => desk.chat.tell(isCopied ? t("copied") : text);
  // Without a secure connection browsers do not let pages write there: then it is shown, to be copied by hand.
  if (navigator.clipboard === undefined) told(false);
  else navigator.clipboard.writeText(text).then(() => told(true), () => told(false));
}

function Reactions({ desk, conversation, entry }: { desk: Desk; conversation: Conversation; entry: Entry }): JSX.Element | null {
  if (entry.reactions.size === 0 || entry.isRedacted) return null;
  return (
    <div class="reactions">
      {[...entry.reactions].map(([text, { earlier, who }]) => {
        const isMine = who.has(desk.chat.nick);
        const names = [...who].join(", ");
        return (
          <button
            key={text} type="button" class={isMine ? "is-mine" : ""} aria-pressed={isMine} title={names}
            aria-label={`${t("react-with", { text })}, ${who.size + earlier}${names === "" ? "" : `: ${names}`}`}
            onClick={() => desk.chat.react(conversation, entry.msgid, text, isMine)}
          >
            <bdi>{text}</bdi> {who.size + earlier}
          </button>
        );
      })}
    </div>
  );
}

/** Six reactions that are wanted most, and any other by its name. */
function Picker({ onPick, onClose }: { onPick: (text: string) => void; onClose: () => void }): JSX.Element {
  const [sought, setSought] = useState("");
  const found = sought === "" ? QUICK : findEmoji(sought).slice(0, 12).map((one) => one.text);
  return (
    <div class="picker" role="group" aria-label={t("react")} onKeyDown={(event) => event.key === "Escape" && onClose()}>
      {found.map((text) => (
        <button key={text} type="button" class="emoji" aria-label={t("react-with", { text })} onClick={() => onPick(text)}>{text}</button>
      ))}
      <input
        type="search" placeholder={t("find-emoji")} aria-label={t("find-emoji")} value={sought} maxLength={20}
        onInput={(event) => setSought(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || found.length === 0) return;
          event.preventDefault();
          onPick(found[0]!);
        }}
      />
    </div>
  );
}

function Quote({ conversation, msgid, onJump }: {
  conversation: Conversation; msgid: string; onJump: (msgid: string) => void;
}): JSX.Element {
  const quoted = conversation.find(msgid);
  return (
    <button type="button" class="quote" title={t("to-message")} onClick={() => onJump(msgid)}>
      {quoted === undefined ? t("answer-unknown") : (
        <><Nick name={quoted.from} /> <bdi>{quoted.isRedacted ? t("removed") : bare(quoted.text).slice(0, 200)}</bdi></>
      )}
    </button>
  );
}

/** What has happened between two messages, in the reader's words (see `readEvent` in chat/incoming.ts), and what was answered to what he typed. */
export function Events({ entries }: { entries: Entry[] }): JSX.Element {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? entries : entries.slice(0, MOST_EVENTS);
  return (
    <p class="event" data-key={entries[0]!.key}>
      {shown.map((entry, at) => (
        isAnswer(entry) ? entry.text.split("\n").map((line, at) => <span key={`${entry.key} ${at}`} class="answer"><bdi>{plain(line)}</bdi></span>) : (
          <span key={entry.key}>{at > 0 && !isAnswer(shown[at - 1]!) && " · "}<bdi>{wordsOf(entry)}</bdi></span>
        )
      ))}
      {shown.length < entries.length && (
        <> · <button type="button" class="link" onClick={() => setWhole(true)}>{t("n-more", { n: entries.length - shown.length })}</button></>
      )}{" "}
      <time title={moment(entries[0]!.time)}>{clock(entries.at(-1)!.time)}</time>
    </p>
  );
}

/** What a server or this page says to the reader alone, which may have lines. */
function isAnswer(entry: Entry): boolean {
  return entry.text[0] !== "\x01";
}

function wordsOf(entry: Entry): string {
  const [what = "", a = "", b = ""] = entry.text.split("\x1f");
  const phrase = what.slice(1);
  const [, sign = "", letter = "", whom = ""] = phrase === "mode" ? (/^([+-])([qaohvb]) (\S+)$/.exec(b) ?? []) : [];
  if (letter === "b") return t(sign === "+" ? "ban-set" : "ban-lifted", { a, b: plain(whom) });
  if (letter !== "") return t(sign === "+" ? "rank-given" : "rank-taken", { a, b: plain(whom), name: t(RANK_NAMES[letter]!) });
  return what[0] === "\x01" && isPhrase(phrase) ? t(phrase, { a, b: plain(b) }) : plain(entry.text);
}

export function Unsent({ desk, conversation, outgoing }: {
  desk: Desk; conversation: Conversation; outgoing: Outgoing;
}): JSX.Element {
  const { chat } = desk;
  const isFailed = outgoing.progress === "failed";
  const isWaiting = chat.state !== "in";
  return (
    <article class={`row is-first is-unsent ${outgoing.kind}`} data-progress={outgoing.progress}>
      <div class="gutter"><Avatar name={chat.nick} /></div>
      <header>
        <Nick name={chat.nick} />{" "}
        <small>{isFailed ? "" : isWaiting ? t("waiting") : t("sending")}</small>
      </header>
      <div class="text" dir="auto"><RichText text={outgoing.text} nick="" onRoom={() => undefined} /></div>
      {isFailed && (
        <div class="question" role="alert">
          <bdi>{t("failed", { reason: outgoing.reason })}</bdi>{" "}
          <button type="button" onClick={() => retry(chat, conversation, outgoing)}>{t("retry")}</button>{" "}
          <button type="button" onClick={() => discard(conversation, outgoing)}>{t("discard")}</button>
        </div>
      )}
    </article>
  );
}
