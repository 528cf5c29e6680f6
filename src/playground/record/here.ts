/** The engine and the model that are loaded, as a record names them. */
import { worker } from '../connection.ts';
import { fileHash } from '../file_hash.ts';
import { playground } from '../state.svelte.ts';
import { recordedName } from './bounds.ts';
import type { DocumentEngine } from '../texts/recorded.ts';
import type { RunRecord } from './document.ts';

export const unknownEngine: DocumentEngine = { kind: 'unknown', adapter: '' };

export function engineHere(): DocumentEngine {
  const { engine } = playground;
  if (engine.phase !== 'ready') return unknownEngine;
  const { kind, description } = engine.summary;
  return {
    kind,
    adapter: recordedName(description.adapter),
    numerics: recordedName(description.numerics),
  };
}

export async function modelHere(): Promise<RunRecord['model']> {
  if (playground.engine.phase !== 'ready') {
    return { name: 'unknown', fileSize: 0, vocabularySize: 0, sha256: null };
  }
  const { name, fileSize, vocabularySize } = playground.engine.summary.model;
  const catalogue = await worker().models();
  const entry = catalogue.find(({ id, size }) => id === playground.settings.model && size === fileSize);
  return { name: recordedName(name), fileSize, vocabularySize, sha256: entry?.sha256 ?? fileHash() };
}
