/** The run that the page opens with: a record like any other. It is shown at once, and revived when its model is loaded. */
import * as v from 'valibot';
import { playground } from '../state.svelte.ts';
import { documentSchema } from './document.ts';
import { openRecord } from './open_record.ts';

/**
 * Shows the run if this copy of the page has one and nothing else is shown yet.
 * @param takeParams set the knobs to the parameters that drew it
 */
export async function openPageRun(takeParams: boolean): Promise<void> {
  const response = await fetch(new URL('recording.json', document.baseURI));
  // A dev server answers a missing file with the page itself.
  if (!response.ok || !response.headers.get('content-type')?.includes('json')) return;
  const record = v.parse(documentSchema, await response.json());
  const { settings } = playground;
  if (playground.texts.length > 0) return;
  // A text is never shown under a prompt that is not its own.
  if (settings.mode !== 'text' || settings.prompt !== record.settings.prompt) return;
  if (takeParams) playground.takeSettings({ params: record.settings.params });
  openRecord(record, { origin: 'page', settings: null, take: false, replace: false, reveal: false });
}
