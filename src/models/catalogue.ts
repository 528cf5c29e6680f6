/** The models that the page offers by name. A visitor's own file needs no entry. */
import { EngineError } from '../engines/contract.ts';
import embedded from './embedded.json' with { type: 'json' };

export interface CatalogueEntry {
  readonly id: string;
  readonly name: string;
  /** Relative to the page, or absolute. The page fetches an absolute URL only after a click that names the host. */
  readonly url: string;
  readonly fileName: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the file in hexadecimal. */
  readonly sha256: string;
  readonly licence: string;
  readonly description: string;
}

/** The file in static/models, as `scripts/stamp_model.ts` found it; null in a copy of the page without one. */
const own = embedded as Pick<CatalogueEntry, 'fileName' | 'size' | 'sha256' | 'name'> | null;

export const CATALOGUE: readonly CatalogueEntry[] =
  own === null
    ? []
    : [
        {
          ...own,
          id: 'embedded',
          url: `models/${own.fileName}`,
          licence: 'see the model card beside the file',
          description: 'A small story-telling model that comes with the page.',
        },
      ];

/** @throws EngineError `not-supported` for an id that is not in the catalogue */
export function catalogueEntry(id: string): CatalogueEntry {
  const found = CATALOGUE.find((entry) => entry.id === id);
  if (found) return found;
  throw new EngineError(
    'not-supported',
    id === 'embedded'
      ? 'This copy of the page has no model of its own: open a .gguf file from your disk.'
      : `There is no model "${id}" in the catalogue: choose another.`,
  );
}
