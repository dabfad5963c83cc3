// A room: what it is about, how loudly it calls, whom one asks in, its rules in words, whom it keeps out, whose it is.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Chat } from "../chat/chat.ts";
import type { Conversation } from "../chat/model.ts";
import { isRefusal, worded } from "../refusals.ts";
import { t, type Phrase } from "../phrases.ts";
import type { Message } from "../wire/message.ts";
import type { Desk } from "./desk.ts";
import { copy } from "./message.tsx";
import { Dialog, Icon, Tabs, shortMoment, useWatched } from "./parts.tsx";
import { HELPER, OPERATOR, RANKS } from "./person.tsx";
import { addressOf, invitationAddress } from "./places.ts";
import { linesOf, Outcome, useAnswer } from "./service.tsx";
import { LEVELS, settings, type Level } from "./settings.ts";

const PAGES = ["about", "invite", "rules", "bans", "ranks"] as const;
type Page = (typeof PAGES)[number];

export function RoomWindow({ desk, conversation }: { desk: Desk; conversation: Conversation }): JSX.Element {
  const { chat } = desk;
  useWatched(chat, conversation, settings);
  const [page, setPage] = useState<Page>("about");
  useEffect(() => {
    chat.question(() => undefined, "MODE", [conversation.name]);
    return () => { conversation.modes = ""; };
  }, [conversation]);
  const mine = conversation.rankOf(chat.nick);
  return (
    <Dialog title={conversation.name} onClose={() => desk.close()}>
      <Tabs names={PAGES} now={page} label={conversation.name} nameOf={(name) => t(`room-${name}`)} choose={setPage} />
      {page === "about" && <About desk={desk} conversation={conversation} mine={mine} />}
      {page === "invite" && <Invite desk={desk} conversation={conversation} />}
      {page === "rules" && <Rules chat={chat} conversation={conversation} mine={mine} />}
      {page === "bans" && <Bans chat={chat} conversation={conversation} mine={mine} />}
      {page === "ranks" && <Ranks chat={chat} conversation={conversation} mine={mine} />}
    </Dialog>
  );
}

function teller(chat: Chat): (lines: Message[]) => void {
  return (lines) => {
    const refusal = lines.find(isRefusal);
    if (refusal !== undefined) chat.say(worded(refusal));
  };
}

function About({ desk, conversation, mine }: { desk: Desk; conversation: Conversation; mine: number }): JSX.Element {
  const { chat } = desk;
  const [topic, setTopic] = useState(conversation.topic);
  const mayTopic = !conversation.modes.split(" ")[0]!.includes("t") || mine <= HELPER;
  const save = (event: Event): void => {
    event.preventDefault();
    chat.ask(teller(chat), "TOPIC", [conversation.name, topic]);
  };
  return (
    <>
      <form onSubmit={save} class="stack">
        <label class="field">
          <span>{t("topic-is")}</span>
          <textarea rows={2} value={topic} disabled={!mayTopic} maxLength={390} onInput={(event) => setTopic(event.currentTarget.value.replace(/\n/g, " "))} />
        </label>
        {mayTopic ? (
          <button type="submit" disabled={topic === conversation.topic}>{t("save")}</button>
        ) : <p class="hint">{t("topic-locked")}</p>}
      </form>
      <LevelChoice conversation={conversation} />
      <p class="hint">{t("n-people", { n: conversation.members.size })} · {t("my-rank", { a: t(RANKS[mine]?.phrase ?? "rank-none") })}</p>
      <div class="buttons">
        <button type="button" onClick={() => copy(desk, addressOf(conversation.name))}><Icon name="link" /> {t("copy-room-link")}</button>
        <button type="button" onClick={() => { desk.close(); chat.close(conversation); }}><Icon name="leave" /> {t("leave-room", { name: conversation.name })}</button>
      </div>
    </>
  );
}

/** How loudly a conversation calls. */
export function LevelChoice({ conversation }: { conversation: Conversation }): JSX.Element {
  const own = settings.levels[conversation.key];
  return (
    <label class="field">
      <span>{t("calls")}</span>
      <select
        value={own ?? ""}
        onChange={(event) => settings.setLevel(conversation.name, (event.currentTarget.value || null) as Level | null)}
      >
        <option value="">{t("as-everywhere", { a: t(`level-${settings.level}`) })}</option>
        {LEVELS.map((level) => <option key={level} value={level}>{t(`level-${level}`)}</option>)}
      </select>
    </label>
  );
}

function Invite({ desk, conversation }: { desk: Desk; conversation: Conversation }): JSX.Element {
  const { chat } = desk;
  const [nick, setNick] = useState("");
  const [link, setLink] = useState("");
  const [outcome, setOutcome] = useState<string[]>([]);
  const known = [...chat.people.values()].filter((one) => !conversation.members.has(one.nick.toLowerCase())).slice(0, 200);
  const make = (): void => {
    chat.question(
      (lines) => {
        // The code is the one word of the answer that is one; whoever may not invite newcomers is told so in words.
        const told = linesOf(lines);
        const code = told.join(" ").match(/(?:^|\s)([A-Za-z0-9_-]{20,64})(?=\s|$)/)?.[1];
        setLink(code === undefined ? "" : invitationAddress(code));
        setOutcome(code === undefined ? told : []);
      },
      "NICKSERV", ["INVITATION", "CREATE", conversation.name, "10", "7d"],
    );
  };
  return (
    <>
      <form
        class="seek"
        onSubmit={(event) => {
          event.preventDefault();
          chat.question(
            (lines) => {
              const refusal = lines.find(isRefusal);
              setOutcome([refusal === undefined ? t("was-invited", { name: nick }) : worded(refusal)]);
            },
            "INVITE", [nick.trim(), conversation.name],
          );
        }}
      >
        <input
          list="people-known" placeholder={t("invite-whom")} aria-label={t("invite-whom")} value={nick}
          onInput={(event) => setNick(event.currentTarget.value)}
        />
        <datalist id="people-known">{known.map((one) => <option key={one.nick} value={one.nick} />)}</datalist>
        <button type="submit" class="primary" disabled={nick.trim() === ""}>{t("invite")}</button>
      </form>
      <p class="hint">{t("link-hint")}</p>
      <div class="buttons">
        <button type="button" onClick={() => copy(desk, addressOf(conversation.name))}><Icon name="link" /> {t("copy-room-link")}</button>
        <button type="button" onClick={make}><Icon name="plus" /> {t("make-invitation")}</button>
      </div>
      {link !== "" && (
        <div class="stack">
          <label class="field"><span>{t("invitation-link")}</span><input readOnly value={link} onFocus={(event) => event.currentTarget.select()} /></label>
          <button type="button" onClick={() => copy(desk, link)}><Icon name="link" /> {t("copy-link")}</button>
        </div>
      )}
      <Outcome lines={outcome} />
    </>
  );
}

const FLAGS = ["i", "m", "M", "R", "s", "t", "n", "c", "C", "u"] as const;

function Rules({ chat, conversation, mine }: { chat: Chat; conversation: Conversation; mine: number }): JSX.Element {
  const [flags = "", ...values] = conversation.modes.replace(/^\+/, "").split(" ");
  // The parameters stand in the order of the letters that have one.
  const valueOf = (letter: string): string => {
    const withValue = [...flags].filter((one) => "klfd".includes(one));
    return values[withValue.indexOf(letter)] ?? "";
  };
  const may = mine <= OPERATOR;
  const set = (changes: string, ...params: string[]): void => chat.question(teller(chat), "MODE", [conversation.name, changes, ...params]);
  if (conversation.modes === "") return <p class="hint">{t("loading")}</p>;
  return (
    <>
      {!may && <p class="hint">{t("rules-locked")}</p>}
      {FLAGS.map((letter) => (
        <label key={letter} class="check">
          <input
            type="checkbox" disabled={!may} checked={flags.includes(letter)}
            onChange={(event) => set((event.currentTarget.checked ? "+" : "-") + letter)}
          />
          <span>{t(`rule-${letter}`)}</span>
        </label>
      ))}
      <Value letter="k" now={valueOf("k")} may={may} phrase="rule-k" set={set} />
      <Value letter="l" now={valueOf("l")} may={may} phrase="rule-l" isNumber set={set} />
      <Value letter="d" now={valueOf("d")} may={may} phrase="rule-d" isNumber set={set} />
    </>
  );
}

function Value({ letter, now, may, phrase, isNumber = false, set }: {
  letter: string; now: string; may: boolean; phrase: Phrase; isNumber?: boolean; set: (changes: string, ...params: string[]) => void;
}): JSX.Element {
  const [value, setValue] = useState(now);
  useEffect(() => setValue(now), [now]);
  const save = (event: Event): void => {
    event.preventDefault();
    if (value === now) return;
    if (value.trim() === "") set(`-${letter}`, ...(letter === "k" ? [now] : []));
    else set(`+${letter}`, value.trim());
  };
  return (
    <form onSubmit={save}>
      <label class="field">
        <span>{t(phrase)}</span>
        <span class="seek">
          <input inputMode={isNumber ? "numeric" : "text"} value={value} disabled={!may} maxLength={23} onInput={(event) => setValue(event.currentTarget.value)} />
          {value !== now && <button type="submit">{t("save")}</button>}
        </span>
      </label>
    </form>
  );
}

function Bans({ chat, conversation, mine }: { chat: Chat; conversation: Conversation; mine: number }): JSX.Element {
  const [turn, setTurn] = useState(0);
  const lines = useAnswer(chat, ["MODE", conversation.name, "+b"], turn);
  if (lines === null) return <p class="hint">{t("loading")}</p>;
  const rows = lines.filter((line) => line.command === "367");
  const lift = (mask: string): void =>
    chat.question((answer) => { teller(chat)(answer); setTurn(turn + 1); }, "MODE", [conversation.name, "-b", mask]);
  if (rows.length === 0) return <p class="hint">{t("no-bans")}</p>;
  return (
    <ul class="plain-rows">
      {rows.map(({ params }) => {
        const [, , mask = "", by = "", at = ""] = params;
        return (
          <li key={mask}>
            <span><bdi>{wordsOf(mask, Number(at) * 1000)}</bdi> <small>{t("by-at", { a: by.split("!")[0]!, b: shortMoment(Number(at) * 1000) })}</small></span>
            {mine <= HELPER && <button type="button" onClick={() => lift(mask)} aria-label={`${t("lift")}: ${mask}`}>{t("lift")}</button>}
          </li>
        );
      })}
    </ul>
  );
}

/** A ban in words: "t:60:m:a:bob" is "bob's account may not speak, until …". */
function wordsOf(mask: string, since: number): string {
  const timed = /^t:(\d+):(.*)$/.exec(mask);
  let rest = timed?.[2] ?? mask;
  const isSilence = rest.startsWith("m:");
  if (isSilence) rest = rest.slice(2);
  const who = rest.startsWith("a:") ? t("ban-account", { name: rest.slice(2) }) : rest;
  const until = timed === null ? "" : ` · ${t("until", { a: shortMoment(since + Number(timed[1]) * 60_000) })}`;
  return `${who}: ${t(isSilence ? "ban-silence" : "ban-out")}${until}`;
}

function Ranks({ chat, conversation, mine }: { chat: Chat; conversation: Conversation; mine: number }): JSX.Element {
  const [turn, setTurn] = useState(0);
  const [account, setAccount] = useState("");
  const [letter, setLetter] = useState("o");
  const [outcome, setOutcome] = useState<string[]>([]);
  const info = useAnswer(chat, ["CHANSERV", "INFO", conversation.name], turn);
  const access = useAnswer(chat, ["CHANSERV", "ACCESS", conversation.name], turn);
  const tell = (lines: Message[]): void => {
    setOutcome(linesOf(lines));
    setTurn((count) => count + 1);
  };
  const rows = (access ?? []).map((line) => /^ {2}([qaohv]) (\S+)/.exec(line.params[1] ?? "")).filter((found) => found !== null);
  return (
    <>
      <p class="hint"><bdi>{info === null ? t("loading") : linesOf(info).join(" ")}</bdi></p>
      {rows.length === 0 && mine <= OPERATOR && (
        <button type="button" onClick={() => chat.question(tell, "CHANSERV", ["REGISTER", conversation.name])}>{t("register-room")}</button>
      )}
      <ul class="plain-rows">
        {rows.map(([, rank = "", name = ""]) => (
          <li key={name}>
            <span><bdi>{name}</bdi> <small>{t(RANKS.find((one) => one.letter === rank)?.phrase ?? "rank-none")}</small></span>
            {mine === 0 && rank !== "q" && (
              <button type="button" aria-label={`${t("take-off")}: ${name}`} onClick={() => chat.question(tell, "CHANSERV", ["ACCESS", conversation.name, "DEL", name])}>{t("take-off")}</button>
            )}
          </li>
        ))}
      </ul>
      {rows.length > 0 && mine <= OPERATOR && (
        <form class="seek" onSubmit={(event) => { event.preventDefault(); chat.question(tell, "CHANSERV", ["ACCESS", conversation.name, "ADD", account.trim(), letter]); }}>
          <input placeholder={t("account-name")} aria-label={t("account-name")} value={account} onInput={(event) => setAccount(event.currentTarget.value)} />
          <select aria-label={t("rank")} value={letter} onChange={(event) => setLetter(event.currentTarget.value)}>
            {RANKS.filter((one) => one.letter !== "").map((one) => <option key={one.letter} value={one.letter}>{t(one.phrase)}</option>)}
          </select>
          <button type="submit" disabled={account.trim() === ""}>{t("add")}</button>
        </form>
      )}
      <Outcome lines={outcome} />
    </>
  );
}
