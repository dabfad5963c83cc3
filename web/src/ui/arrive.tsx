// The first thing that one sees: who are you? A name is enough.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Chat } from "../chat/chat.ts";
import { isPhrase, t } from "../phrases.ts";
import { Choice } from "./choice.tsx";
import { useWatched } from "./parts.tsx";
import { readKept, showKept, type Kept } from "./offline.ts";
import { readAddress } from "./places.ts";
import { settings } from "./settings.ts";
import { mayStay } from "./stay.ts";
import { askTabs } from "./tabs.ts";

type Way = "guest" | "login" | "register";

const GUEST = "veche-guest"; // the name in this tab, until it is closed: whoever reloads the page is let in again

export function Arrive({ chat, network }: { chat: Chat; network: string }): JSX.Element {
  useWatched(chat);
  const [way, setWay] = useState<Way>(readAddress(location.hash).owner === "" ? "guest" : "register");
  const [name, setName] = useState(settings.name);
  const [password, setPassword] = useState("");
  const [email, setEmail] = useState("");
  const [isStaying, setStaying] = useState(true);
  const [others, setOthers] = useState<string[]>([]); // who is in already, in other tabs
  const [kept, setKept] = useState<Kept | null>(null);
  useEffect(() => askTabs(({ nick }) => setOthers((before) => [...new Set([...before, nick])])), []);
  useEffect(() => { void readKept().then(setKept); }, [chat.failure]);
  const isComing = chat.state === "connecting";
  const { failure } = chat;
  const { room, invitation, owner } = readAddress(location.hash);
  const comeIn = (event: Event): void => {
    event.preventDefault();
    const nick = name.trim();
    if (nick === "" || isComing) return;
    settings.set({ name: nick });
    rememberGuest(way === "guest" ? nick : "");
    willStay = way !== "guest" && isStaying && mayStay();
    chat.enter({
      nick,
      password: way === "guest" ? "" : password,
      isNew: way === "register",
      email: way === "register" ? email.trim() : "",
      invitation,
    });
  };
  const reason = failure === null ? "" : isPhrase(failure.code) ? t(failure.code, { text: failure.text }) : failure.text;
  return (
    <main class="arrive">
      <div class="arrive-top"><Choice /></div>
      <form class="card" onSubmit={comeIn}>
        <h1><bdi>{network || t("chat")}</bdi></h1>
        {invitation !== "" && <p class="welcome">{t("you-are-invited")}</p>}
        {owner !== "" && <p class="welcome">{t("become-owner")}</p>}
        {room !== "" && <p class="welcome"><bdi>{t("link-leads-to", { name: room })}</bdi></p>}
        <div class="tabs" role="group" aria-label={t("come-in")}>
          <Tab way="guest" now={way} choose={setWay}>{t("as-guest")}</Tab>
          <Tab way="login" now={way} choose={setWay}>{t("log-in")}</Tab>
          <Tab way="register" now={way} choose={setWay}>{t("register")}</Tab>
        </div>
        <p class="hint">{t(`${way}-hint`)}</p>
        <label>
          <span>{t("your-name")}</span>
          <input
            name="nick" value={name} onInput={(event) => setName(event.currentTarget.value)} autofocus required
            autocomplete="username" maxLength={40} spellcheck={false} autocapitalize="off"
          />
        </label>
        {way !== "guest" && (
          <label>
            <span>{t("password")}</span>
            <input
              type="password" value={password} onInput={(event) => setPassword(event.currentTarget.value)} required
              autocomplete={way === "login" ? "current-password" : "new-password"}
            />
          </label>
        )}
        {way !== "guest" && mayStay() && (
          <label class="check">
            <input type="checkbox" checked={isStaying} onChange={(event) => setStaying(event.currentTarget.checked)} />
            <span>{t("stay")}</span>
          </label>
        )}
        {way === "register" && (
          <label>
            <span>{t("email")}</span>
            <input type="email" value={email} onInput={(event) => setEmail(event.currentTarget.value)} autocomplete="email" />
          </label>
        )}
        {others.map((nick) => <p key={nick} class="hint"><bdi>{t("other-tab", { name: nick })}</bdi></p>)}
        <p class="failure" role="alert">{reason}</p>
        {failure?.code === "unreachable" && kept !== null && (
          <button type="button" onClick={() => showKept(chat, kept)}>{t("read-kept")}</button>
        )}
        <button type="submit" class="primary" disabled={isComing}>
          {isComing ? t("coming") : way === "register" ? t("make-account") : t("come-in")}
        </button>
      </form>
      <p class="hint"><a href="doors">{t("other-ways")}</a></p>
    </main>
  );
}

interface TabProps {
  way: Way;
  now: Way;
  choose: (way: Way) => void;
  children: string;
}

function Tab({ way, now, choose, children }: TabProps): JSX.Element {
  return <button type="button" aria-pressed={way === now} onClick={() => choose(way)}>{children}</button>;
}

let willStay = false;

/** Whether who has just come in wants to stay logged in on this device; asked once. */
export function takeStay(): boolean {
  const answer = willStay;
  willStay = false;
  return answer;
}

/** Remember who is a guest in this tab; "" for nobody. */
export function rememberGuest(nick: string): void {
  try {
    if (nick === "") sessionStorage.removeItem(GUEST);
    else sessionStorage.setItem(GUEST, nick);
  } catch {
    // Storage that is forbidden: a reload asks again.
  }
}

/** Who was in as a guest in this tab before it was loaded again; "" for nobody. */
export function wasGuest(): string {
  try {
    return sessionStorage.getItem(GUEST) ?? "";
  } catch {
    return "";
  }
}
