// Who is in the room, by rank and name; one click leads to a conversation between two.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Chat } from "../chat/chat.ts";
import type { Conversation } from "../chat/model.ts";
import { t, type Phrase } from "../phrases.ts";
import { fold } from "../wire/names.ts";
import { Avatar, IconButton, useWatched } from "./parts.tsx";

const RANKS: Phrase[] = ["owners", "operators", "operators", "helpers", "voices", "members"];
const MOST_SHOWN = 300; // beyond it one searches

interface Props {
  chat: Chat;
  conversation: Conversation;
  onPerson: (nick: string) => void;
  onClose: () => void;
}

export function People({ chat, conversation, onPerson, onClose }: Props): JSX.Element {
  useWatched(conversation);
  const [sought, setSought] = useState("");
  const needle = fold(sought.trim());
  const found = [...conversation.members.keys()]
    .map((key) => ({ key, nick: chat.people.get(key)?.nick ?? key, rank: conversation.rankOf(key) }))
    .filter(({ key }) => key.includes(needle))
    .sort((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1));
  const groups = new Map<Phrase, typeof found>();
  for (const one of found.slice(0, MOST_SHOWN)) {
    const phrase = RANKS[one.rank] ?? "members";
    groups.set(phrase, [...(groups.get(phrase) ?? []), one]);
  }
  return (
    <aside class="people" aria-label={t("people")}>
      <header class="bar">
        <h2>{t("n-people", { n: conversation.members.size })}</h2>
        <IconButton icon="close" label={t("close")} onClick={onClose} class="only-narrow" />
      </header>
      <div class="seek">
        <input
          type="search" placeholder={t("find-person")} aria-label={t("find-person")} value={sought}
          onInput={(event) => setSought(event.currentTarget.value)}
        />
      </div>
      <div class="scroll">
        {[...groups].map(([phrase, members]) => (
          <section key={phrase}>
            {groups.size > 1 && <h3>{t(phrase)}</h3>}
            <ul>
              {members.map(({ key, nick }) => {
                const person = chat.people.get(key);
                const isAway = (person?.away ?? null) !== null;
                const isMe = chat.isMe(nick);
                const about = [person?.realname ?? "", isAway ? t("away") : ""].filter((word) => word !== "" && word !== nick);
                return (
                  <li key={key} class="item">
                    <button
                      type="button" disabled={isMe} title={isMe ? undefined : t("write-to", { name: nick })}
                      onClick={() => onPerson(nick)}
                    >
                      <Avatar name={nick} isAway={isAway} />
                      <span class="person">
                        <bdi class="name">{nick}</bdi>
                        {(isMe || about.length > 0) && <small>{isMe ? t("you") : <bdi>{about.join(" · ")}</bdi>}</small>}
                      </span>
                    </button>
                  </li>
                );
              })}
            </ul>
          </section>
        ))}
        {found.length === 0 && <p class="hint">{t("nobody")}</p>}
      </div>
    </aside>
  );
}
