/** Names that a typing mistake may have come from, nearest first; at most three. */
export function nearestNames(typed: string, names: readonly string[]): readonly string[] {
  const wanted = typed.toLowerCase();
  // Two letters changed places, or a third of them wrong, is still a mistake; more is another word. Parts always count.
  const limit = wanted.length < 3 ? 1 : Math.max(2, Math.floor(wanted.length / 3));
  return [...new Set(names)]
    .map((name) => ({ name, distance: name.toLowerCase().includes(wanted) ? 1 : editDistance(wanted, name) }))
    .filter(({ distance }) => distance <= limit)
    .toSorted((one, other) => one.distance - other.distance || one.name.localeCompare(other.name))
    .slice(0, 3)
    .map(({ name }) => name);
}

function editDistance(wanted: string, name: string): number {
  const given = name.toLowerCase();
  let row = Array.from({ length: given.length + 1 }, (_, index) => index);
  for (let i = 1; i <= wanted.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= given.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (wanted[i - 1] === given[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[given.length] ?? 0;
}
