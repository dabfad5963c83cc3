// The whole page: the arrival, or the conversations with the one that is open and what is beside it.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Chat } from "../chat/chat.ts";
import type { Conversation } from "../chat/model.ts";
import { t } from "../phrases.ts";
import { Arrive } from "./arrive.tsx";
import { Compose } from "./compose.tsx";
import type { Desk } from "./desk.ts";
import { Keys, onKey } from "./keys.tsx";
import { Log } from "./log.tsx";
import { OperatorPage } from "./operator.tsx";
import { Options } from "./options.tsx";
import { IconButton, useWatched } from "./parts.tsx";
import { People } from "./people.tsx";
import { PersonCard } from "./person.tsx";
import { RichText } from "./rich.tsx";
import { RoomWindow } from "./room.tsx";
import { Rooms } from "./rooms.tsx";
import { Search } from "./search.tsx";
import { settings } from "./settings.ts";
import { Sidebar } from "./sidebar.tsx";
import { Switcher } from "./switcher.tsx";
import { Thread } from "./thread.tsx";
import { Wordings } from "./wordings.tsx";

export function App({ desk, network }: { desk: Desk; network: string }): JSX.Element {
  const { chat } = desk;
  useWatched(chat, desk, settings);
  const isIn = chat.state === "in" || chat.state === "lost";
  const unread = [...chat.conversations.values()].reduce((sum, one) => sum + one.mentions, 0);
  useEffect(() => {
    const name = chat.network || network || "Veche";
    const place = isIn && chat.current !== null ? `${chat.current.name} · ${name}` : name;
    document.title = (unread > 0 ? `(${unread}) ` : "") + place;
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => onKey(desk, event);
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [desk]);

  if (!isIn) return <Arrive chat={chat} network={network} />;
  const { current } = chat;
  const side = current === null && desk.side.kind !== "search" ? null : <Side desk={desk} conversation={current} />;
  const hasSide = desk.side.kind !== "people" || current?.isRoom === true;
  return (
    <div class={`page ${desk.pane === "" ? "" : `shows-${desk.pane}`} ${hasSide ? "has-side" : ""} ${desk.side.kind === "people" ? "" : "has-pane"}`}>
      <Sidebar desk={desk} />
      <main class="conversation">
        {current === null ? <Nowhere desk={desk} /> : <Open key={current.key} desk={desk} conversation={current} />}
      </main>
      {hasSide && side}
      {desk.pane !== "" && <button type="button" class="shade" aria-label={t("close")} onClick={() => desk.setPane("")} />}
      <Over desk={desk} />
      <Notices chat={chat} />
      {chat.isStale && (
        <div class="notice is-good is-low" role="status">
          {t("renewed")} <button type="button" class="primary" onClick={() => location.reload()}>{t("reload")}</button>
        </div>
      )}
    </div>
  );
}

function Side({ desk, conversation }: { desk: Desk; conversation: Conversation | null }): JSX.Element | null {
  if (desk.side.kind === "search") return <Search desk={desk} />;
  if (conversation === null) return null;
  if (desk.side.kind === "thread") return <Thread desk={desk} conversation={conversation} root={desk.side.root} />;
  return <People desk={desk} conversation={conversation} />;
}

/** The window over the page, if one is open. */
function Over({ desk }: { desk: Desk }): JSX.Element | null {
  const { opened } = desk;
  switch (opened.kind) {
    case "rooms": return <Rooms desk={desk} />;
    case "settings": return <Options desk={desk} />;
    case "switcher": return <Switcher desk={desk} />;
    case "keys": return <Keys desk={desk} />;
    case "operator": return <OperatorPage desk={desk} />;
    case "room": return <RoomWindow key={opened.conversation.key} desk={desk} conversation={opened.conversation} />;
    case "wordings": return <Wordings desk={desk} conversation={opened.conversation} entry={opened.entry} />;
    case "person": return <PersonCard key={opened.nick} desk={desk} nick={opened.nick} conversation={opened.conversation} />;
    case "": return null;
  }
}

function Notices({ chat }: { chat: Chat }): JSX.Element {
  return (
    <>
      <div class="news" role="status" aria-live="polite">{chat.news !== "" && <div class="notice is-good"><bdi>{chat.news}</bdi></div>}</div>
      {chat.notice !== "" && (
        <div class="notice" role="alert">
          <bdi>{chat.notice}</bdi> <IconButton icon="close" label={t("close")} onClick={() => chat.say("")} />
        </div>
      )}
    </>
  );
}

function Nowhere({ desk }: { desk: Desk }): JSX.Element {
  return (
    <>
      <header class="bar"><IconButton icon="menu" label={t("menu")} onClick={() => desk.setPane("menu")} class="only-phone" /></header>
      <p class="empty">{t("choose-conversation")}</p>
    </>
  );
}

function Open({ desk, conversation }: { desk: Desk; conversation: Conversation }): JSX.Element {
  useWatched(conversation);
  const { chat } = desk;
  const { name, topic, isRoom } = conversation;
  const about = (): void => desk.open(isRoom ? { kind: "room", conversation } : { kind: "person", nick: name, conversation: null });
  return (
    <>
      <header class="bar">
        <IconButton icon="menu" label={t("menu")} onClick={() => desk.setPane("menu")} class="only-phone" />
        <div class="title">
          <h2><bdi>{name}</bdi></h2>
          {topic !== "" && (
            <p class="topic" dir="auto" title={topic}><RichText text={topic} nick="" onRoom={(room) => desk.go(room)} /></p>
          )}
        </div>
        <IconButton icon="search" label={t("search")} onClick={() => desk.turn({ kind: "search" })} class="only-narrow" />
        <IconButton icon="info" label={isRoom ? t("about-room") : t("card-of", { name })} onClick={about} />
        {isRoom && (
          <IconButton
            icon="people" label={t("people")} class={desk.side.kind === "people" ? "only-narrow" : ""}
            onClick={() => desk.turn({ kind: "people" })}
          />
        )}
      </header>
      {chat.state === "lost" && <Lost chat={chat} />}
      <Log desk={desk} conversation={conversation} />
      {isRoom && !conversation.isJoined && chat.state === "in" ? (
        <p class="hint outside">
          {t("not-in-room")} <button type="button" class="primary" onClick={() => chat.join(name)}>{t("go-in")}</button>
        </p>
      ) : <Compose desk={desk} conversation={conversation} />}
    </>
  );
}

function Lost({ chat }: { chat: Chat }): JSX.Element {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.ceil((chat.retryAt - Date.now()) / 1000);
  return (
    <div class="lost" role="status">
      <span>{chat.isAlone ? t("alone") : t("lost")} {chat.isAlone ? "" : seconds > 0 ? t("lost-in", { n: seconds }) : t("lost-now")}</span>
      {(seconds > 0 || chat.isAlone) && (
        <button type="button" onClick={() => chat.hurry()}>{chat.isAlone ? t("come-in") : t("try-now")}</button>
      )}
    </div>
  );
}
