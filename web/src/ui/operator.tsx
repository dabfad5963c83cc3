// The page of who keeps order on the server: people, rooms, bans, accounts, numbers.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Chat } from "../chat/chat.ts";
import { t } from "../phrases.ts";
import { fold } from "../wire/names.ts";
import { plain } from "../wire/rich.ts";
import type { Desk } from "./desk.ts";
import { Avatar, Dialog, Tabs, TermsFields, type Terms } from "./parts.tsx";
import { linesOf, Outcome, useAnswer } from "./service.tsx";

const PAGES = ["users", "rooms", "bans", "accounts", "numbers"] as const;
type Page = (typeof PAGES)[number];
const MOST = 300; // rows of a list; beyond it one searches

export function OperatorPage({ desk }: { desk: Desk }): JSX.Element {
  const { chat } = desk;
  const [page, setPage] = useState<Page>("users");
  return (
    <Dialog title={t("operator-page")} onClose={() => desk.close()} isWide>
      <Tabs names={PAGES} now={page} label={t("operator-page")} nameOf={(name) => t(`operator-${name}`)} choose={setPage} />
      {page === "users" && <Users desk={desk} />}
      {page === "rooms" && <Rooms desk={desk} />}
      {page === "bans" && <Bans chat={chat} />}
      {page === "accounts" && <Accounts chat={chat} />}
      {page === "numbers" && <Numbers chat={chat} />}
    </Dialog>
  );
}

function Seek({ value, label, set }: { value: string; label: string; set: (value: string) => void }): JSX.Element {
  return (
    <div class="seek">
      <input type="search" placeholder={label} aria-label={label} value={value} onInput={(event) => set(event.currentTarget.value)} />
    </div>
  );
}

function Users({ desk }: { desk: Desk }): JSX.Element {
  const [sought, setSought] = useState("");
  // %: the mark, nick, user, host, flags, account, address, real name, in the order of WHOX.
  const lines = useAnswer(desk.chat, ["WHO", "*", "%tuihnfar,8"], 0);
  if (lines === null) return <p class="hint">{t("loading")}</p>;
  const all = lines.filter((line) => line.command === "354" && line.params[1] === "8").map(({ params }) => {
    const [, , user = "", address = "", host = "", nick = "", flags = "", account = "", realname = ""] = params;
    return { nick, user, address, host, flags, account: account === "0" ? "" : account, realname };
  });
  const needle = fold(sought.trim());
  const found = all.filter((one) => fold(Object.values(one).join(" ")).includes(needle)).sort((a, b) => (fold(a.nick) < fold(b.nick) ? -1 : 1));
  return (
    <>
      <Seek value={sought} label={t("find-person")} set={setSought} />
      <p class="hint">{t("n-people", { n: found.length })}</p>
      <div class="table" tabIndex={0} role="region" aria-label={t("operator-users")}>
        <table>
          <thead><tr><th>{t("name")}</th><th>{t("account")}</th><th>{t("address")}</th></tr></thead>
          <tbody>
            {found.slice(0, MOST).map((one) => (
              <tr key={one.nick}>
                <td>
                  <button type="button" class="link" onClick={() => desk.open({ kind: "person", nick: one.nick, conversation: null })}>
                    <Avatar name={one.nick} isAway={one.flags.startsWith("G")} /> <bdi>{one.nick}</bdi>
                  </button>{" "}
                  {one.flags.includes("*") && <span class="tag">{t("server-operator")}</span>}
                </td>
                <td><bdi>{one.account || t("guest")}</bdi></td>
                <td><bdi>{one.address}</bdi></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Rooms({ desk }: { desk: Desk }): JSX.Element {
  const { chat } = desk;
  const [sought, setSought] = useState("");
  const lines = useAnswer(chat, ["LIST"], 0);
  const kept = useAnswer(chat, ["CHANSERV", "LIST"], 0);
  if (lines === null) return <p class="hint">{t("loading")}</p>;
  const needle = fold(sought.trim());
  const rooms = lines
    .filter((line) => line.command === "322")
    .map(({ params }) => ({ name: params[1] ?? "", count: Number(params[2] ?? 0), topic: params[3] ?? "" }))
    .filter((room) => fold(room.name).includes(needle) || fold(room.topic).includes(needle))
    .sort((a, b) => b.count - a.count);
  return (
    <>
      <Seek value={sought} label={t("find-room")} set={setSought} />
      <div class="table" tabIndex={0} role="region" aria-label={t("operator-rooms")}>
        <table>
          <thead><tr><th>{t("name")}</th><th>{t("people")}</th><th>{t("topic-is")}</th><td /></tr></thead>
          <tbody>
            {rooms.slice(0, MOST).map((room) => (
              <tr key={room.name}>
                <td><bdi>{room.name}</bdi></td>
                <td>{room.count}</td>
                <td><bdi>{plain(room.topic)}</bdi></td>
                <td>
                  <button
                    type="button" aria-label={`${t("go-in")}: ${room.name}`}
                    onClick={() => { chat.question((found) => { chat.tellRefusals(found); desk.go(room.name); }, "SAJOIN", [room.name]); }}
                  >
                    {t("go-in")}
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <details><summary>{t("registered-rooms")}</summary><Outcome lines={linesOf(kept ?? [])} /></details>
    </>
  );
}

function Bans({ chat }: { chat: Chat }): JSX.Element {
  const [turn, setTurn] = useState(0);
  const [mask, setMask] = useState("");
  const [terms, setTerms] = useState<Terms>({ reason: "", minutes: 1440 });
  const { reason, minutes } = terms;
  const [outcome, setOutcome] = useState<string[]>([]);
  const lines = useAnswer(chat, ["UBAN", "LIST"], turn);
  const serve = (...params: string[]): void =>
    chat.question((found) => { setOutcome(linesOf(found)); setTurn((count) => count + 1); }, "UBAN", params);
  const rows = (lines ?? []).map((line) => line.params[1] ?? "").map((text) => [text, /^(\S+?),? /.exec(text)?.[1] ?? ""] as const).slice(0, -1);
  return (
    <>
      {lines === null ? <p class="hint">{t("loading")}</p> : rows.length === 0 && <p class="hint">{t("no-bans")}</p>}
      <ul class="plain-rows">
        {rows.map(([text, name]) => (
          <li key={text}>
            <bdi>{text}</bdi>
            <button type="button" aria-label={`${t("lift")}: ${name}`} onClick={() => serve("DEL", name)}>{t("lift")}</button>
          </li>
        ))}
      </ul>
      <form
        class="stack order"
        onSubmit={(event) => { event.preventDefault(); serve("ADD", mask.trim(), ...(minutes === 0 ? [] : [`${minutes}m`]), reason || "-"); }}
      >
        <h3>{t("new-ban")}</h3>
        <label class="field"><span>{t("ban-mask")}</span><input value={mask} placeholder="*@192.0.2.7" onInput={(event) => setMask(event.currentTarget.value)} /></label>
        <TermsFields terms={terms} set={setTerms} />
        <button type="submit" class="danger" disabled={!/^\S+$/.test(mask.trim())}>{t("ban-server")}</button>
      </form>
      <Outcome lines={outcome} />
    </>
  );
}

function Accounts({ chat }: { chat: Chat }): JSX.Element {
  const [sought, setSought] = useState("");
  const lines = useAnswer(chat, ["NICKSERV", "LIST"], 0);
  const found = linesOf(lines ?? []).filter((line) => fold(line).includes(fold(sought.trim())));
  return (
    <>
      <Seek value={sought} label={t("find-person")} set={setSought} />
      {lines === null && <p class="hint">{t("loading")}</p>}
      <ul class="plain-rows">{found.slice(0, MOST).map((line) => <li key={line}><bdi>{line.trim()}</bdi></li>)}</ul>
    </>
  );
}

function Numbers({ chat }: { chat: Chat }): JSX.Element {
  const lusers = useAnswer(chat, ["LUSERS"], 0);
  const uptime = useAnswer(chat, ["STATS", "u"], 0);
  const used = useAnswer(chat, ["STATS", "m"], 0);
  const version = useAnswer(chat, ["VERSION"], 0);
  const at = (lines: typeof lusers, code: string): string[] => lines?.find((line) => line.command === code)?.params ?? [];
  const [days = "0", time = ""] = /(\d+) days ([\d:]+)/.exec(at(uptime, "242")[1] ?? "")?.slice(1) ?? [];
  const facts: [string, string][] = [
    [t("people-now"), at(lusers, "265")[1] ?? ""],
    [t("people-most"), at(lusers, "265")[2] ?? ""],
    [t("rooms-now"), at(lusers, "254")[1] ?? "0"],
    [t("up-since"), uptime === null ? "" : days === "0" ? time : t("days-and-time", { n: Number(days), a: time })],
    [t("version"), (at(version, "351")[1] ?? "").replace(/^veche-/, "")],
  ];
  const commands = (used ?? []).filter((line) => line.command === "212").map(({ params }) => [params[1] ?? "", Number(params[2] ?? 0)] as const)
    .sort((a, b) => b[1] - a[1]);
  return (
    <>
      <dl class="numbers">
        {facts.filter(([, value]) => value !== "").map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
      </dl>
      <h3>{t("commands-used")}</h3>
      <div class="table" tabIndex={0} role="region" aria-label={t("commands-used")}>
        <table><tbody>{commands.map(([name, count]) => <tr key={name}><td>{name}</td><td>{count}</td></tr>)}</tbody></table>
      </div>
    </>
  );
}
