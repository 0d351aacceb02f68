/** A word as a POSIX shell reads it back: names from tags must not become commands on a page that people type from. */
export function shellWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A command with its words quoted where they need it. */
export function shellLine(...words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}
