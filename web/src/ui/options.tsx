// The window of settings: looks, calls, the account with its devices and passwords, whom one does not hear.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Chat } from "../chat/chat.ts";
import { t } from "../phrases.ts";
import { isRefusal, worded } from "../refusals.ts";
import { rememberGuest } from "./arrive.tsx";
import { chime, mayNotify } from "./calls.ts";
import { Choice } from "./choice.tsx";
import type { Desk } from "./desk.ts";
import { Devices } from "./devices.tsx";
import { forgetDrafts } from "./drafts.ts";
import { forgetKept } from "./offline.ts";
import { Dialog, Icon, Tabs, useWatched } from "./parts.tsx";
import { linesOf, Outcome, rowsOf } from "./service.tsx";
import { LEVELS, settings, type Level } from "./settings.ts";
import { unstay } from "./stay.ts";
import { tellLeft } from "./tabs.ts";

const PAGES = ["looks", "calls", "account", "devices", "blocked"] as const;
type Page = (typeof PAGES)[number];

export function Options({ desk }: { desk: Desk }): JSX.Element {
  const { chat } = desk;
  useWatched(chat, settings);
  const [page, setPage] = useState<Page>("looks");
  return (
    <Dialog title={t("settings")} onClose={() => desk.close()}>
      <Tabs names={PAGES} now={page} label={t("settings")} nameOf={(name) => t(`settings-${name}`)} choose={setPage} />
      {page === "looks" && <Looks desk={desk} />}
      {page === "calls" && <Calls />}
      {page === "account" && <Account chat={chat} />}
      {page === "devices" && <Devices chat={chat} />}
      {page === "blocked" && <Blocked chat={chat} />}
    </Dialog>
  );
}

function Looks({ desk }: { desk: Desk }): JSX.Element {
  return (
    <>
      <Choice isWhole />
      {desk.chat.account !== "" && (
        <label class="check">
          <input type="checkbox" checked={settings.isOwnLooks} onChange={(event) => settings.set({ isOwnLooks: event.currentTarget.checked })} />
          <span>{t("own-looks")}</span>
        </label>
      )}
      <label class="check">
        <input type="checkbox" checked={settings.isHidingEvents} onChange={(event) => settings.set({ isHidingEvents: event.currentTarget.checked })} />
        <span>{t("hide-events")}</span>
      </label>
      {desk.chat.account !== "" && <p class="hint">{t("settings-kept")}</p>}
      <div class="buttons">
        <button type="button" onClick={() => desk.open({ kind: "keys" })}><Icon name="keys" /> {t("keys")}</button>
        <button type="button" onClick={() => void leave(desk)}>
          <Icon name="leave" /> {t("log-out")}
        </button>
      </div>
    </>
  );
}

/** Leave for good: nothing of the chat stays in this browser but how it looks. What the server keeps, it keeps. */
async function leave(desk: Desk): Promise<void> {
  rememberGuest("");
  forgetDrafts();
  desk.close();
  await unstay(desk.chat);
  await forgetKept();
  tellLeft(desk.chat.nick);
  desk.chat.leave();
  settings.set({ levels: {} });
}

function Calls(): JSX.Element {
  const [isRefused, setRefused] = useState(false);
  const desktop = async (isOn: boolean): Promise<void> => {
    const may = !isOn || (await mayNotify());
    setRefused(!may);
    settings.set({ isDesktop: isOn && may });
  };
  return (
    <>
      <label class="check">
        <input type="checkbox" checked={settings.isDesktop} onChange={(event) => void desktop(event.currentTarget.checked)} />
        <span>{t("calls-desktop")}</span>
      </label>
      {isRefused && <p class="failure" role="alert">{t("calls-refused")}</p>}
      <label class="check">
        <input
          type="checkbox" checked={settings.isSound}
          onChange={(event) => { settings.set({ isSound: event.currentTarget.checked }); if (settings.isSound) chime(); }}
        />
        <span>{t("calls-sound")}</span>
      </label>
      <label class="field">
        <span>{t("calls")}</span>
        <select value={settings.level} onChange={(event) => settings.set({ level: event.currentTarget.value as Level })}>
          {LEVELS.map((level) => <option key={level} value={level}>{t(`level-${level}`)}</option>)}
        </select>
      </label>
      <p class="hint">{t("calls-hint")}</p>
      <fieldset class="order">
        <legend>{t("quiet-hours")}</legend>
        <label class="field">
          <span>{t("quiet-from")}</span>
          <input type="time" value={settings.quietFrom} onInput={(event) => settings.set({ quietFrom: event.currentTarget.value })} />
        </label>
        <label class="field">
          <span>{t("quiet-to")}</span>
          <input type="time" value={settings.quietTo} onInput={(event) => settings.set({ quietTo: event.currentTarget.value })} />
        </label>
      </fieldset>
    </>
  );
}

/** The account, or how to get one; and the name and the away text, which everybody has. */
function Account({ chat }: { chat: Chat }): JSX.Element {
  const [outcome, setOutcome] = useState<string[]>([]);
  const serve = (...params: string[]): void => chat.question((lines) => setOutcome(linesOf(lines)), "NICKSERV", params);
  const person = chat.person(chat.nick);
  return (
    <>
      <One
        label={t("your-name")} value={chat.nick} length={40}
        save={(value) => chat.ask((lines) => chat.tellRefusals(lines), "NICK", [value])}
      />
      <One
        label={t("away-text")} value={person.away ?? ""} length={200}
        save={(value) => {
          person.away = value === "" ? null : value;
          chat.ask((lines) => chat.tellRefusals(lines), "AWAY", value === "" ? [] : [value]);
        }}
      />
      <p class="hint">{t("away-hint")}</p>
      {chat.account === "" ? <NewAccount serve={serve} /> : <OldAccount chat={chat} serve={serve} />}
      <Outcome lines={outcome} />
      {chat.account !== "" && <TakeAway chat={chat} />}
      {!chat.isOperator && <Oper chat={chat} />}
    </>
  );
}

function One({ label, value, length, save }: { label: string; value: string; length: number; save: (value: string) => void }): JSX.Element {
  const [text, setText] = useState(value);
  return (
    <form class="stack" onSubmit={(event) => { event.preventDefault(); save(text.trim()); }}>
      <label class="field">
        <span>{label}</span>
        <span class="seek">
          <input value={text} maxLength={length} onInput={(event) => setText(event.currentTarget.value)} />
          {text.trim() !== value && <button type="submit">{t("save")}</button>}
        </span>
      </label>
    </form>
  );
}

function NewAccount({ serve }: { serve: (...params: string[]) => void }): JSX.Element {
  const [password, setPassword] = useState("");
  return (
    <form class="stack" onSubmit={(event) => { event.preventDefault(); serve("REGISTER", password); setPassword(""); }}>
      <p class="hint">{t("register-hint")}</p>
      <label class="field">
        <span>{t("password")}</span>
        <input type="password" autocomplete="new-password" value={password} onInput={(event) => setPassword(event.currentTarget.value)} />
      </label>
      <button type="submit" class="primary" disabled={password === "" || /\s/.test(password)}>{t("make-account")}</button>
      {/\s/.test(password) && <p class="failure" role="alert">{t("no-spaces")}</p>}
    </form>
  );
}

function OldAccount({ chat, serve }: { chat: Chat; serve: (...params: string[]) => void }): JSX.Element {
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const isBad = /\s/.test(fresh + old);
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        serve("PASSWD", old, fresh);
        setOld("");
        setFresh("");
      }}
    >
      <h3>{t("change-password")}</h3>
      <input type="text" name="username" autocomplete="username" value={chat.account} readOnly hidden />
      <label class="field">
        <span>{t("old-password")}</span>
        <input type="password" autocomplete="current-password" value={old} onInput={(event) => setOld(event.currentTarget.value)} />
      </label>
      <label class="field">
        <span>{t("new-password")}</span>
        <input type="password" autocomplete="new-password" value={fresh} onInput={(event) => setFresh(event.currentTarget.value)} />
      </label>
      <button type="submit" disabled={old === "" || fresh === "" || isBad}>{t("change-password")}</button>
      {isBad && <p class="failure" role="alert">{t("no-spaces")}</p>}
    </form>
  );
}

/** All that is kept of one, as a file: the server answers with a link that is good once. */
function TakeAway({ chat }: { chat: Chat }): JSX.Element {
  const [password, setPassword] = useState("");
  const [outcome, setOutcome] = useState<string[]>([]);
  const take = (form: "json" | "mbox"): void => {
    chat.question((lines) => {
      // Whatever name the server knows itself by, it is where this page has come from.
      const path = /\/(export\/[\w-]+)$/.exec(rowsOf(lines, "export-link")[0]?.["link"] ?? "")?.[1];
      setOutcome(path === undefined ? linesOf(lines) : [t("download-begins")]);
      if (path !== undefined) save(path);
    }, "NICKSERV", ["EXPORT", form, ...(password === "" ? [] : [password])]);
    setPassword("");
  };
  return (
    <details>
      <summary>{t("download-data")}</summary>
      <form class="stack" onSubmit={(event) => { event.preventDefault(); take("json"); }}>
        <p class="hint">{t("download-hint")}</p>
        <label class="field">
          <span>{t("password")}</span>
          <input type="password" autocomplete="current-password" value={password} onInput={(event) => setPassword(event.currentTarget.value)} />
        </label>
        <div class="buttons">
          <button type="submit" class="primary">{t("download-data")}</button>
          <button type="button" onClick={() => take("mbox")}>{t("download-mail")}</button>
        </div>
      </form>
      <Outcome lines={outcome} />
    </details>
  );
}

/** Let the browser keep what an address gives; the page stays. */
function save(path: string): void {
  const link = document.createElement("a");
  link.href = `./${path}`;
  link.download = "";
  link.click();
}

function Oper({ chat }: { chat: Chat }): JSX.Element {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  return (
    <details>
      <summary>{t("become-operator")}</summary>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          chat.ask((lines) => { const no = lines.find(isRefusal); if (no !== undefined) chat.say(worded(no)); }, "OPER", [name, password]);
          setPassword("");
        }}
      >
        <label class="field"><span>{t("operator-name")}</span><input value={name} autocomplete="off" onInput={(event) => setName(event.currentTarget.value)} /></label>
        <label class="field"><span>{t("password")}</span><input type="password" autocomplete="off" value={password} onInput={(event) => setPassword(event.currentTarget.value)} /></label>
        <button type="submit" disabled={name === "" || /\s/.test(name) || password === ""}>{t("become-operator")}</button>
      </form>
    </details>
  );
}

function Blocked({ chat }: { chat: Chat }): JSX.Element {
  const [nick, setNick] = useState("");
  return (
    <>
      <p class="hint">{t("blocked-hint")}</p>
      {chat.blocked.size === 0 && <p class="hint">{t("blocked-nobody")}</p>}
      <ul class="plain-rows">
        {[...chat.blocked].map(([key, mask]) => (
          <li key={key}>
            <bdi>{key}</bdi>
            <button type="button" aria-label={`${t("unblock")}: ${key}`} onClick={() => chat.raw("SILENCE", `-${mask}`)}>{t("unblock")}</button>
          </li>
        ))}
      </ul>
      <form class="seek" onSubmit={(event) => { event.preventDefault(); chat.block(nick.trim(), true); setNick(""); }}>
        <input placeholder={t("block-whom")} aria-label={t("block-whom")} value={nick} maxLength={40} onInput={(event) => setNick(event.currentTarget.value)} />
        <button type="submit" disabled={!/^\S+$/.test(nick.trim())}>{t("block")}</button>
      </form>
    </>
  );
}
