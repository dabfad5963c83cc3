// The whole page: the arrival, or the conversations with the one that is open and its people.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Chat } from "../chat/chat.ts";
import type { Conversation } from "../chat/model.ts";
import { t } from "../phrases.ts";
import { Arrive, forgetGuest } from "./arrive.tsx";
import { Choice } from "./choice.tsx";
import { Compose } from "./compose.tsx";
import { Log } from "./log.tsx";
import { Dialog, Icon, IconButton, useWatched } from "./parts.tsx";
import { People } from "./people.tsx";
import { RichText } from "./rich.tsx";
import { Rooms } from "./rooms.tsx";
import { settings } from "./settings.ts";
import { Sidebar } from "./sidebar.tsx";

type Pane = "" | "menu" | "people"; // over the conversation, where the page is narrow
type Window = "" | "rooms" | "settings";

export function App({ chat, network }: { chat: Chat; network: string }): JSX.Element {
  useWatched(chat, settings);
  const [pane, setPane] = useState<Pane>("");
  const [window, setWindow] = useState<Window>("");
  const isIn = chat.state === "in" || chat.state === "lost";

  const unread = [...chat.conversations.values()].reduce((sum, one) => sum + one.mentions, 0);
  useEffect(() => {
    const name = chat.network || network || "Veche";
    const place = isIn && chat.current !== null ? `${chat.current.name} · ${name}` : name;
    document.title = (unread > 0 ? `(${unread}) ` : "") + place;
  });

  if (!isIn) return <Arrive chat={chat} network={network} />;
  const { current } = chat;
  const go = (name: string): void => {
    setPane("");
    setWindow("");
    chat.go(name);
  };
  const choose = (conversation: Conversation): void => {
    setPane("");
    chat.show(conversation);
  };
  return (
    <div class={`page ${pane === "" ? "" : `shows-${pane}`} ${current?.isRoom ? "has-people" : ""}`}>
      <Sidebar chat={chat} onChoose={choose} onBrowse={() => setWindow("rooms")} onSettings={() => setWindow("settings")} />
      <main class="conversation">
        {current === null ? (
          <Nowhere onMenu={() => setPane("menu")} />
        ) : (
          <Open key={current.key} chat={chat} conversation={current} onPane={setPane} onGo={go} />
        )}
      </main>
      {current?.isRoom && <People chat={chat} conversation={current} onPerson={go} onClose={() => setPane("")} />}
      {pane !== "" && <button type="button" class="shade" aria-label={t("close")} onClick={() => setPane("")} />}
      {window === "rooms" && <Rooms chat={chat} onRoom={go} onClose={() => setWindow("")} />}
      {window === "settings" && (
        <Dialog title={t("settings")} onClose={() => setWindow("")}>
          <Choice />
          <button type="button" onClick={() => { forgetGuest(); setWindow(""); chat.leave(); }}>
            <Icon name="leave" /> {t("log-out")}
          </button>
        </Dialog>
      )}
      {chat.notice !== "" && (
        <div class="notice" role="alert">
          <bdi>{chat.notice}</bdi> <IconButton icon="close" label={t("close")} onClick={() => chat.say("")} />
        </div>
      )}
    </div>
  );
}

function Nowhere({ onMenu }: { onMenu: () => void }): JSX.Element {
  return (
    <>
      <header class="bar"><IconButton icon="menu" label={t("menu")} onClick={onMenu} class="only-narrow" /></header>
      <p class="empty">{t("choose-conversation")}</p>
    </>
  );
}

interface OpenProps {
  chat: Chat;
  conversation: Conversation;
  onPane: (pane: Pane) => void;
  onGo: (name: string) => void;
}

function Open({ chat, conversation, onPane, onGo }: OpenProps): JSX.Element {
  const { name, topic, isRoom } = conversation;
  return (
    <>
      <header class="bar">
        <IconButton icon="menu" label={t("menu")} onClick={() => onPane("menu")} class="only-narrow" />
        <div class="title">
          <h2><bdi>{name}</bdi></h2>
          {topic !== "" && <p class="topic" dir="auto" title={topic}><RichText text={topic} nick="" onRoom={onGo} /></p>}
        </div>
        {isRoom && <IconButton icon="people" label={t("people")} onClick={() => onPane("people")} class="only-narrow" />}
      </header>
      {chat.state === "lost" && <Lost chat={chat} />}
      <Log
        chat={chat} conversation={conversation} onRoom={onGo}
        onReply={(entry) => { conversation.replyTo = entry; conversation.changed(); }}
      />
      <Compose chat={chat} conversation={conversation} />
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
      <span>{t("lost")} {seconds > 0 ? t("lost-in", { n: seconds }) : t("lost-now")}</span>
      {seconds > 0 && <button type="button" onClick={() => chat.hurry()}>{t("try-now")}</button>}
    </div>
  );
}
