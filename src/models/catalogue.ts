/** The models that the page offers by name. A file of one's own needs no entry. */
export interface CatalogueEntry {
  readonly id: string;
  readonly name: string;
  /** Relative to the page, or absolute. Nothing absolute is fetched without a click that names the host. */
  readonly url: string;
  readonly fileName: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the file in hexadecimal; null until the file is final. */
  readonly sha256: string | null;
  readonly licence: string;
  readonly description: string;
}

export const CATALOGUE: readonly CatalogueEntry[] = [];

/** @throws RangeError for an id that is not in the catalogue */
export function catalogueEntry(id: string): CatalogueEntry {
  const found = CATALOGUE.find((entry) => entry.id === id);
  if (found === undefined) throw new RangeError(`There is no model "${id}" in the catalogue.`);
  return found;
}
