// Names and texts as the server counts and compares them: the twins of veche/wire/names.py and veche/wire/mentions.py.

/** The key under which a name is known: equal for two names exactly when they are the same name. */
export function fold(name: string): string {
  return name.normalize("NFKC").toLowerCase().normalize("NFKC");
}

export function isRoom(name: string): boolean {
  return name[0] === "#";
}

/** Whether `word` is in `text`, with no letter, digit or underscore next to it. */
export function mentions(word: string, text: string): boolean {
  return word !== "" && mentionPattern(word).test(text);
}

let known: [string, RegExp] = ["", /$^/u];

export function mentionPattern(word: string): RegExp {
  if (known[0] !== word) {
    const literal = word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
    known = [word, new RegExp(`(?<![\\p{L}\\p{N}_])${literal}(?![\\p{L}\\p{N}_])`, "iu")];
  }
  return known[1];
}

const encoder = new TextEncoder();

export function bytes(text: string): number {
  return encoder.encode(text).length;
}

/** Pieces of at most `limit` bytes of UTF-8, cut at spaces where there are some; joined they are the text again. */
export function pieces(text: string, limit: number): string[] {
  const found: string[] = [];
  let rest = text;
  while (bytes(rest) > limit) {
    let used = 0;
    let end = 0;
    for (const char of rest) {
      used += bytes(char);
      if (used > limit) break;
      end += char.length;
    }
    const space = rest.lastIndexOf(" ", end - 1);
    if (space > end / 2) end = space + 1;
    found.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  found.push(rest);
  return found;
}
