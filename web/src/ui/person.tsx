// The card of a person: who it is, a way to talk, and, for who may, to keep order: rank, silence, ban, removal.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Chat } from "../chat/chat.ts";
import type { Conversation } from "../chat/model.ts";
import { isRefusal, worded } from "../refusals.ts";
import { t, type Phrase } from "../phrases.ts";
import type { Message } from "../wire/message.ts";
import { fold } from "../wire/names.ts";
import { plain } from "../wire/rich.ts";
import type { Desk } from "./desk.ts";
import { Avatar, Dialog, Icon, TermsFields, shortMoment, useWatched, type Terms } from "./parts.tsx";
import { useAnswer } from "./service.tsx";

export const RANKS = [
  { mark: "~", letter: "q", phrase: "rank-owner" }, { mark: "&", letter: "a", phrase: "rank-protected" },
  { mark: "@", letter: "o", phrase: "rank-operator" }, { mark: "%", letter: "h", phrase: "rank-helper" },
  { mark: "+", letter: "v", phrase: "rank-voice" }, { mark: "", letter: "", phrase: "rank-none" },
] as const satisfies { mark: string; letter: string; phrase: Phrase }[];
export const HELPER = 3; // places in RANKS
export const OPERATOR = 2;

export function PersonCard({ desk, nick, conversation }: {
  desk: Desk; nick: string; conversation: Conversation | null;
}): JSX.Element {
  const { chat } = desk;
  useWatched(chat, conversation);
  const [turn, setTurn] = useState(0);
  const answer = useAnswer(chat, ["WHOIS", nick], turn);
  const facts = answer === null ? null : read(answer);
  const person = chat.people.get(fold(nick));
  const isMe = chat.isMe(nick);
  const isMember = conversation?.isRoom === true && conversation.members.has(fold(nick));
  const mine = conversation === null ? RANKS.length : conversation.rankOf(chat.nick);
  const away = facts?.away || person?.away || "";
  return (
    <Dialog title={nick} onClose={() => desk.close()}>
      <div class="card-top">
        <Avatar name={nick} isAway={away !== ""} />
        <div>
          <p class="realname"><bdi>{plain(facts?.realname || person?.realname || nick)}</bdi></p>
          <p class="hint">{presence(facts, isMe)}{away !== "" && <> · <bdi>{plain(away)}</bdi></>}</p>
        </div>
      </div>
      {facts !== null && facts.isHere && <Facts facts={facts} />}
      {!isMe && (
        <div class="buttons">
          <button type="button" class="primary" onClick={() => desk.go(nick)}><Icon name="reply" /> {t("write-to", { name: nick })}</button>
          <Block chat={chat} nick={nick} />
        </div>
      )}
      {!isMe && isMember && conversation !== null && mine <= HELPER && (
        <Order desk={desk} conversation={conversation} nick={nick} mine={mine} account={facts?.account ?? ""} host={facts?.host ?? person?.host ?? ""} />
      )}
      {!isMe && chat.isOperator && facts?.isHere && (
        <ServerOrder desk={desk} nick={nick} host={facts.host} done={() => setTurn(turn + 1)} />
      )}
    </Dialog>
  );
}

interface Known {
  isHere: boolean;
  realname: string;
  account: string;
  host: string;
  away: string;
  rooms: string;
  idle: number; // seconds
  since: number; // milliseconds
  address: string;
  isOperator: boolean;
  isBot: boolean;
  isSecure: boolean;
}

/** WHOIS, taken apart. */
function read(lines: Message[]): Known {
  const at = (code: string): string[] | undefined => lines.find((line) => line.command === code)?.params;
  const [, , user = "", host = ""] = at("311") ?? [];
  return {
    isHere: at("311") !== undefined,
    realname: at("311")?.[5] ?? "",
    account: at("330")?.[2] ?? "",
    host: user === "" ? "" : host,
    away: at("301")?.[2] ?? "",
    rooms: at("319")?.[2] ?? "",
    idle: Number(at("317")?.[2] ?? 0),
    since: Number(at("317")?.[3] ?? 0) * 1000,
    address: at("338")?.[3] ?? "",
    isOperator: at("313") !== undefined,
    isBot: at("335") !== undefined,
    isSecure: at("671") !== undefined,
  };
}

function presence(facts: Known | null, isMe: boolean): string {
  if (facts === null) return t("loading");
  if (!facts.isHere) return t("not-here");
  if (isMe) return t("you");
  return facts.idle < 120 ? t("here-active") : t("here-idle", { n: Math.round(facts.idle / 60) });
}

function Facts({ facts }: { facts: Known }): JSX.Element {
  const rows: [Phrase, string][] = [
    ["account-is", facts.account || t("guest")],
    ["rooms-of", facts.rooms],
    ["here-since", facts.since > 0 ? shortMoment(facts.since) : ""],
    ["address-is", facts.address],
  ];
  const marks: Phrase[] = [];
  if (facts.isOperator) marks.push("server-operator");
  if (facts.isBot) marks.push("program");
  if (facts.isSecure) marks.push("encrypted");
  return (
    <>
      {marks.length > 0 && <p>{marks.map((mark) => <span key={mark} class="tag">{t(mark)}</span>)}</p>}
      <dl class="facts">
        {rows.filter(([, value]) => value !== "").map(([phrase, value]) => (
          <div key={phrase}><dt>{t(phrase)}</dt><dd><bdi>{value}</bdi></dd></div>
        ))}
      </dl>
    </>
  );
}

/** Not hearing somebody any more: what he says to one alone is refused by the server, what he says in rooms is hidden. */
function Block({ chat, nick }: { chat: Chat; nick: string }): JSX.Element {
  const isBlocked = chat.isBlocked(nick);
  return (
    <button type="button" aria-pressed={isBlocked} onClick={() => chat.block(nick, !isBlocked)}>
      <Icon name="muted" /> {isBlocked ? t("unblock") : t("block")}
    </button>
  );
}

function Order({ desk, conversation, nick, mine, account, host }: {
  desk: Desk; conversation: Conversation; nick: string; mine: number; account: string; host: string;
}): JSX.Element {
  const { chat } = desk;
  const [terms, setTerms] = useState<Terms>({ reason: "", minutes: 60 });
  const { reason, minutes } = terms;
  const [whom, setWhom] = useState("");
  const theirs = conversation.rankOf(nick);
  const room = conversation.name;
  // By account where there is one: names and addresses change.
  const masks = [
    ...(account === "" ? [] : [{ mask: `a:${account}`, label: t("ban-account", { name: account }) }]),
    { mask: `${nick}!*@*`, label: t("ban-name", { name: nick }) },
    ...(host === "" ? [] : [{ mask: `*!*@${host}`, label: t("ban-address") }]),
  ];
  const mask = whom || masks[0]!.mask;
  const timed = (rest: string): string => (minutes === 0 ? rest : `t:${minutes}:${rest}`);
  const tell = (good: string) => (lines: Message[]): void => {
    const refusal = lines.find(isRefusal);
    if (refusal === undefined) chat.tell(good);
    else chat.say(worded(refusal));
  };
  const rank = (place: number): void => {
    const fresh = RANKS[place]!;
    const old = (conversation.members.get(fold(nick)) ?? "").split("").map((mark) => RANKS.find((one) => one.mark === mark)?.letter ?? "");
    const given = fresh.letter === "" || old.includes(fresh.letter) ? "" : `+${fresh.letter}`;
    const taken = old.filter((letter) => letter !== fresh.letter).join("");
    const changes = given + (taken === "" ? "" : `-${taken}`);
    const letters = changes.replace(/[+-]/g, "");
    if (letters !== "") chat.question(tell(t("rank-set", { a: nick, b: t(fresh.phrase) })), "MODE", [room, changes, ...letters.split("").map(() => nick)]);
  };
  const kick = (): void => chat.question(tell(t("was-kicked", { name: nick })), "KICK", [room, nick, reason || nick]);
  return (
    <fieldset class="order">
      <legend>{t("order-in", { name: room })}</legend>
      <label class="field">
        <span>{t("rank")}</span>
        <select value={theirs} disabled={theirs < mine} onChange={(event) => rank(Number(event.currentTarget.value))}>
          {RANKS.map(({ phrase }, place) => (
            <option key={phrase} value={place} disabled={!mayGive(mine, place) && place !== theirs}>{t(phrase)}</option>
          ))}
        </select>
      </label>
      <TermsFields terms={terms} set={setTerms} hint={t("reason-hint")} />
      <label class="field">
        <span>{t("whom")}</span>
        <select value={mask} onChange={(event) => setWhom(event.currentTarget.value)}>
          {masks.map((one) => <option key={one.mask} value={one.mask}>{one.label}</option>)}
        </select>
      </label>
      <div class="buttons">
        <button type="button" onClick={() => chat.question(tell(t("was-muted", { name: nick })), "MODE", [room, "+b", timed(`m:${mask}`)])}>
          {t("mute")}
        </button>
        <button type="button" onClick={kick}>{t("kick")}</button>
        <button
          type="button" class="danger"
          onClick={() => chat.question(
            (lines) => { tell(t("was-banned", { name: nick }))(lines); if (!lines.some(isRefusal)) kick(); },
            "MODE", [room, "+b", timed(mask)],
          )}
        >
          {t("ban")}
        </button>
      </div>
      <p class="hint">{t("order-hint")}</p>
    </fieldset>
  );
}

/** Owners alone give and take the two highest ranks; a helper gives a voice. */
function mayGive(mine: number, place: number): boolean {
  if (mine === 0) return true;
  return mine <= OPERATOR ? place >= OPERATOR : place > HELPER;
}

function ServerOrder({ desk, nick, host, done }: { desk: Desk; nick: string; host: string; done: () => void }): JSX.Element {
  const { chat } = desk;
  const [terms, setTerms] = useState<Terms>({ reason: "", minutes: 1440 });
  const { reason, minutes } = terms;
  const tell = (lines: Message[]): void => {
    const refusal = lines.find(isRefusal);
    if (refusal !== undefined) chat.say(worded(refusal));
    else chat.tell(t("done"));
    done();
  };
  const time = minutes === 0 ? [] : [`${minutes}m`];
  return (
    <fieldset class="order">
      <legend>{t("order-server")}</legend>
      <TermsFields terms={terms} set={setTerms} />
      <div class="buttons">
        <button type="button" onClick={() => chat.question(tell, "KILL", [nick, reason || "-"])}>{t("disconnect")}</button>
        <button
          type="button" class="danger" disabled={host === ""}
          onClick={() => chat.question(tell, "UBAN", ["ADD", `*@${host}`, ...time, reason || "-"])}
        >
          {t("ban-server")}
        </button>
      </div>
    </fieldset>
  );
}
