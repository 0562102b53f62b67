const { compare } = new Intl.Collator("en", { numeric: true });

/** Names as people order them, 2 before 10; always the same, however they came. */
export function inNaturalOrder(names: readonly string[]): string[] {
  return names.toSorted((a, b) => compare(a, b) || Number(a > b) - Number(a < b));
}
