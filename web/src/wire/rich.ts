// A message's text as a tree: IRC formatting codes and a small Markdown set. The page makes nodes of the tree, never HTML.
//
// The rule: time is linear in the length of the text but for nesting, which has an end; every character of the text that
// is no mark is in the tree, once; a link leads where LINKS allows and nowhere else.
//
// Source: formatting (the IRC formatting codes).

export type Piece =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "block"; text: string }
  | { kind: "link"; text: string; href: string }
  | { kind: "room"; text: string }
  | { kind: "mention"; text: string }
  | { kind: "span"; classes: string[]; pieces: Piece[] }
  | { kind: "bold" | "italic" | "strike" | "quote"; pieces: Piece[] };

export const LINKS = /^(?:https?:\/\/|ircs?:\/\/|mailto:)[^\s]/i;
const DEEPEST = 6;

// What a browser would obey rather than show; an override leaves a mark, so that the reader sees that something is wrong.
const HARMFUL = /[\0-\x01\x05-\x08\x0b-\x0e\x10\x12-\x15\x17-\x1c\x7f-\x9f\u2028\u2029\u202a-\u202c\u2066-\u2069]/g;
const OVERRIDES = /[\u202d\u202e]/g;
const CODES = /[\x02\x0f\x11\x16\x1d\x1e\x1f]|\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9a-f]{6}(?:,[0-9a-f]{6})?)?/gi;
const TOGGLES: Record<string, string> = {
  "\x02": "f-bold", "\x1d": "f-italic", "\x1f": "f-underline", "\x1e": "f-strike", "\x11": "f-mono", "\x16": "f-reverse",
};

/** A text without formatting, for lists, titles and notices of the system. */
export function plain(text: string): string {
  return clean(text.replace(CODES, "")).replace(/\s+/g, " ");
}

/** A text without any marks, in one line: for quotes and hits. */
export function bare(text: string): string {
  const join = (pieces: Piece[]): string => pieces.map((piece) => ("pieces" in piece ? join(piece.pieces) : piece.text)).join("");
  return plain(join(rich(text)));
}

function clean(text: string): string {
  return text.replace(OVERRIDES, "\ufffd").replace(HARMFUL, "");
}

/** The tree of a text; `mention` finds the reader's name in it, where it has one. */
export function rich(text: string, mention: RegExp | null = null): Piece[] {
  const found: Piece[] = [];
  const lines = clean(text).split("\n");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    if (/^```\w{0,20}$/.test(line)) {
      const end = lines.indexOf("```", at + 1);
      if (end > 0) {
        found.push({ kind: "block", text: lines.slice(at + 1, end).join("\n") });
        at = end;
        continue;
      }
    }
    if (/^>[ ]/.test(line)) {
      const quoted: string[] = [];
      for (; at < lines.length && /^>[ ]?/.test(lines[at]!); at++) quoted.push(lines[at]!.replace(/^> ?/, ""));
      at--;
      found.push({ kind: "quote", pieces: runs(quoted.join("\n"), mention) });
      continue;
    }
    const last = found.at(-1);
    const isBroken = last !== undefined && last.kind !== "block" && last.kind !== "quote";
    found.push(...runs((isBroken ? "\n" : "") + line, mention));
  }
  return found;
}

/** Between the codes of IRC formatting: each run with its classes. */
function runs(text: string, mention: RegExp | null): Piece[] {
  if (!/[\x02-\x1f]/.test(text)) return inline(text, mention, 0);
  const found: Piece[] = [];
  const on = new Set<string>();
  let colors: string[] = [];
  const add = (part: string): void => {
    if (part === "") return;
    const classes = [...on, ...colors];
    const pieces = inline(part, mention, 0);
    if (classes.length > 0) found.push({ kind: "span", classes, pieces });
    else found.push(...pieces);
  };
  let from = 0;
  for (const match of text.matchAll(CODES)) {
    add(text.slice(from, match.index));
    from = match.index + match[0].length;
    const toggle = TOGGLES[match[0]];
    if (toggle !== undefined) {
      if (!on.delete(toggle)) on.add(toggle);
    } else if (match[0] === "\x0f") {
      on.clear();
      colors = [];
    } else if (match[0][0] === "\x03") {
      colors = colorClasses(match[0].slice(1), colors);
    }
  }
  add(text.slice(from));
  return found;
}

// "99" is the default, and the codes above 15 are shades that need no place of their own in two themes.
function colorClasses(codes: string, before: string[]): string[] {
  if (codes === "") return [];
  const [ink, paper] = codes.split(",").map(Number);
  const found = before.filter((name) => paper === undefined && name.startsWith("bg"));
  if (ink !== undefined && ink < 16) found.push(`fg${ink}`);
  if (paper !== undefined && paper < 16) found.push(`bg${paper}`);
  return found;
}

const TOKEN =
  /(`+)|\[([^\[\]\n]{1,200})\]\(([^()\s]{1,500})\)|(\*\*|~~|[*_])|((?:https?|ircs?):\/\/[^\s<>"`]+)|(?<![\p{L}\p{N}_&/#])(#[\p{L}\p{N}_][\p{L}\p{N}_.-]*)/gu;
const KINDS: Record<string, "bold" | "italic" | "strike"> = { "**": "bold", "~~": "strike", "*": "italic", _: "italic" };
const WORD = /[\p{L}\p{N}_]/u;

function inline(text: string, mention: RegExp | null, depth: number): Piece[] {
  const found: Piece[] = [];
  const hopeless = new Set<string>(); // marks that nothing closes from here on
  let from = 0;
  const token = new RegExp(TOKEN);
  const add = (end: number): void => addText(found, text.slice(from, end), mention);
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [whole, ticks, label, target, mark, url, room] = match;
    const start = match.index;
    let piece: Piece | null = null;
    let end = start + whole.length;
    if (ticks !== undefined && !hopeless.has(ticks)) {
      const close = text.indexOf(ticks, end);
      if (close < 0) hopeless.add(ticks);
      else if (close > end) {
        piece = { kind: "code", text: text.slice(end, close) };
        end = close + ticks.length;
      }
    } else if (label !== undefined && target !== undefined && LINKS.test(target)) {
      piece = { kind: "link", text: label, href: target };
    } else if (mark !== undefined && depth < DEEPEST && !hopeless.has(mark)) {
      const close = closing(text, mark, start, hopeless);
      if (close > 0) {
        piece = { kind: KINDS[mark]!, pieces: inline(text.slice(end, close), mention, depth + 1) };
        end = close + mark.length;
      }
    } else if (url !== undefined) {
      const address = trimmed(url);
      piece = { kind: "link", text: address, href: address };
      end = start + address.length;
    } else if (room !== undefined) {
      const name = room.replace(/[.-]+$/, "");
      piece = { kind: "room", text: name };
      end = start + name.length;
    }
    if (piece !== null) {
      add(start);
      found.push(piece);
      from = end;
    }
    token.lastIndex = Math.max(end, start + 1);
  }
  add(text.length);
  return found;
}

/** Where the mark that opens at `start` is closed: a mark hugs what it marks, and does not stand inside a word. */
function closing(text: string, mark: string, start: number, hopeless: Set<string>): number {
  const end = start + mark.length;
  const before = text[start - 1] ?? " ";
  if (/\s/.test(text[end] ?? " ") || text[end] === mark[0] || (mark.length === 1 && WORD.test(before))) return -1;
  for (let close = text.indexOf(mark, end + 1), tries = 0; close > 0; close = text.indexOf(mark, close + 1)) {
    const after = text[close + mark.length] ?? " ";
    const isInside = mark.length === 1 && (WORD.test(after) || after === mark);
    if (!/\s/.test(text[close - 1]!) && !isInside && text[close - 1] !== mark[0]) return close;
    if (++tries > 20) return -1;
  }
  hopeless.add(mark);
  return -1;
}

/** A link in running text does not take the full stop or the bracket behind it along. */
function trimmed(url: string): string {
  let address = url.replace(/[.,;:!?'"*_~]+$/, "");
  while (address.endsWith(")") && count(address, "(") < count(address, ")")) address = address.slice(0, -1);
  return address;
}

function count(text: string, char: string): number {
  return text.split(char).length - 1;
}

function addText(found: Piece[], text: string, mention: RegExp | null): void {
  let rest = text;
  for (let match = mention?.exec(rest); match; match = mention?.exec(rest)) {
    if (match.index > 0) found.push({ kind: "text", text: rest.slice(0, match.index) });
    found.push({ kind: "mention", text: match[0] });
    rest = rest.slice(match.index + match[0].length);
  }
  if (rest !== "") found.push({ kind: "text", text: rest });
}
