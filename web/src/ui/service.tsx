// Asking the services of the server (NickServ, ChanServ) and showing what they say, in their words: they speak the
// language that the account has chosen, which is that of the page.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Chat } from "../chat/chat.ts";
import { isRefusal, worded } from "../refusals.ts";
import { t } from "../phrases.ts";
import type { Message } from "../wire/message.ts";
import { plain } from "../wire/rich.ts";

/** What a question was answered: notices of services, and refusals in the reader's words. */
export function linesOf(lines: Message[]): string[] {
  return lines
    .filter((line) => line.command === "NOTICE" || isRefusal(line))
    .map((line) => (line.command === "NOTICE" ? plain(line.params[1] ?? "") : worded(line)));
}

/** The answer to a question, asked anew whenever `turn` changes; null until it has come. */
export function useAnswer(chat: Chat, words: string[], turn: number): Message[] | null {
  const [lines, setLines] = useState<Message[] | null>(null);
  useEffect(() => {
    let isMine = true;
    const [command = "", ...params] = words;
    if (chat.state === "in") chat.question((found) => isMine && setLines(found), command, params);
    return () => { isMine = false; };
  }, [words.join(" "), turn, chat.state]);
  return lines;
}

/** Rows of a list that a service tells, "name: the rest", with a button for each that has a name. */
export function ServiceRows({ lines, action, onAction }: {
  lines: Message[] | null; action: string; onAction: (name: string) => void;
}): JSX.Element {
  if (lines === null) return <p class="hint">{t("loading")}</p>;
  return (
    <ul class="plain-rows">
      {lines.filter((line) => line.command === "NOTICE" || isRefusal(line)).map((line, at) => {
        const text = line.params.at(-1) ?? "";
        const name = /^ {0,2}([^:()\s][^:]*): /.exec(text)?.[1] ?? "";
        return (
          <li key={at}>
            <bdi>{linesOf([line])[0]?.trim()}</bdi>
            {name !== "" && <button type="button" onClick={() => onAction(name)} aria-label={`${action}: ${name}`}>{action}</button>}
          </li>
        );
      })}
    </ul>
  );
}

/** What came of the last thing that one asked for in a window. */
export function Outcome({ lines }: { lines: string[] }): JSX.Element {
  return <div class="outcome" role="status">{lines.map((line, at) => <p key={at}><bdi>{line}</bdi></p>)}</div>;
}
