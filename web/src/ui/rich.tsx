// The tree of a text as nodes. Nothing of a text becomes HTML, an attribute other than a link's address, or a style.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { LINKS, rich, type Piece } from "../wire/rich.ts";
import { mentionPattern } from "../wire/names.ts";

interface Props {
  text: string;
  nick: string; // the reader's own, to be highlighted; "" for none
  onRoom: (name: string) => void;
}

export function RichText({ text, nick, onRoom }: Props): JSX.Element {
  // Most of what is on the page stays as it is while one line comes.
  const pieces = useMemo(() => rich(text, nick === "" ? null : mentionPattern(nick)), [text, nick]);
  return <>{pieces.map((piece, at) => show(piece, at, onRoom))}</>;
}

function show(piece: Piece, key: number, onRoom: (name: string) => void): JSX.Element | string {
  switch (piece.kind) {
    case "text":
      return piece.text;
    case "code":
      return <code key={key}>{piece.text}</code>;
    case "block":
      return <pre key={key} tabIndex={0}><code>{piece.text}</code></pre>;
    case "mention":
      return <mark key={key}>{piece.text}</mark>;
    case "room":
      return <button key={key} type="button" class="link" onClick={() => onRoom(piece.text)}>{piece.text}</button>;
    case "link":
      if (!LINKS.test(piece.href)) return piece.text;
      return <a key={key} href={piece.href} title={piece.href} target="_blank" rel="noopener noreferrer nofollow">{piece.text}</a>;
    case "span":
      return <span key={key} class={piece.classes.join(" ")}>{inside(piece.pieces, onRoom)}</span>;
    case "bold":
      return <strong key={key}>{inside(piece.pieces, onRoom)}</strong>;
    case "italic":
      return <em key={key}>{inside(piece.pieces, onRoom)}</em>;
    case "strike":
      return <s key={key}>{inside(piece.pieces, onRoom)}</s>;
    case "quote":
      return <blockquote key={key}>{inside(piece.pieces, onRoom)}</blockquote>;
  }
}

function inside(pieces: Piece[], onRoom: (name: string) => void): (JSX.Element | string)[] {
  return pieces.map((piece, at) => show(piece, at, onRoom));
}
