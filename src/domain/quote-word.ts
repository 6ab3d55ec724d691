/** One POSIX word that reads back as exactly `text`; unchanged when it needs no quotes. */
export function quoteWord(text: string): string {
  const safe = /^[A-Za-z0-9_@%+=:,./-]+$/.test(text);
  // A leading NAME= would be an assignment when it comes first.
  if (safe && !/^[A-Za-z_][A-Za-z0-9_]*\+?=/.test(text)) return text;
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
