// One line taken apart and one put together: the twin of veche/wire/message.py, held to the same vectors
// (tests/wire/vectors.json). It judges nothing: unknown commands and odd parameters are messages too.
//
// Sources: Modern IRC "Message Format"; message-tags "Format" and "Escaping values".

export type Tags = Record<string, string>;

export interface Message {
  command: string;
  params: string[];
  source: string;
  tags: Tags;
}

const UNESCAPES: Record<string, string> = { ":": ";", s: " ", r: "\r", n: "\n" };
const ESCAPES: Record<string, string> = { ";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n" };

/** One line without its line end; null where it holds no command. */
export function parse(line: string): Message | null {
  let tags: Tags = {};
  let source = "";
  if (line[0] === "@") {
    const [raw, rest] = cut(line.slice(1), " ");
    tags = parseTags(raw);
    line = rest.replace(/^ +/, "");
  }
  if (line[0] === ":") {
    [source, line] = cut(line.slice(1), " ");
    line = line.replace(/^ +/, "");
  }
  // A trailing parameter has "the same semantics as any other parameter".
  const colon = line.indexOf(" :");
  const params = (colon < 0 ? line : line.slice(0, colon)).split(" ").filter((word) => word !== "");
  const command = params.shift();
  if (command === undefined) return null;
  if (colon >= 0) params.push(line.slice(colon + 2));
  return { command: command.toUpperCase(), params, source, tags };
}

/** The tag part without its "@". Of a key given twice the last counts; a missing value is an empty one. */
export function parseTags(raw: string): Tags {
  const tags: Tags = Object.create(null) as Tags; // no key of a stranger's is one of Object's
  for (const piece of raw.split(";")) {
    const [key, value] = cut(piece, "=");
    if (key !== "") tags[key] = unescape(value);
  }
  return tags;
}

/** Undo `escape`: a lone backslash at the end is dropped, an unknown escape stands for its letter, as specified. */
export function unescape(value: string): string {
  return value.replace(/\\([^]?)/gu, (_, letter: string) => UNESCAPES[letter] ?? letter);
}

/** Escape a tag value (message-tags, "Escaping values"). */
export function escape(value: string): string {
  return value.replace(/[; \\\r\n]/g, (char) => ESCAPES[char]!);
}

/** One line without its line end. Throws where a part cannot be written without changing its meaning. */
export function format(command: string, params: string[] = [], tags: Tags = {}): string {
  const words = [command];
  params.forEach((param, index) => {
    const isOdd = param === "" || param[0] === ":" || param.includes(" ");
    if (isOdd && index < params.length - 1) throw new Error(`not a middle parameter: ${JSON.stringify(param)}`);
    words.push(isOdd ? `:${param}` : param);
  });
  const keys = Object.entries(tags).map(([key, value]) => (value === "" ? key : `${key}=${escape(value)}`));
  const line = (keys.length > 0 ? `@${keys.join(";")} ` : "") + words.join(" ");
  if (/[\r\n\0]/.test(line)) throw new Error("a line end or NUL inside a message");
  return line;
}

/** Whether parameters can be written as they are. */
export function isWritable(params: string[]): boolean {
  return params.every((param, at) => !/[\r\n\0]/.test(param) && (at === params.length - 1 || !/^$|^:| /.test(param)));
}

/** The nick of a source `nick!user@host`; the whole source where there is no such part. */
export function nickOf(source: string): string {
  return cut(source, "!")[0];
}

function cut(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + at.length)];
}
