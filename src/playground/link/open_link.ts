/** What a link does to the page: its settings are taken, its recording is shown, and its model waits for a click. */
import { offerModel } from './link_model.ts';
import { notify } from '../notices.ts';
import { playground } from '../state.svelte.ts';
import type { Settings } from '../settings.ts';
import type { LinkState } from './fragment.ts';

export async function openLink({ settings, packed, problems }: LinkState): Promise<void> {
  for (const problem of problems.slice(0, 5)) notify('error', problem);
  const { model } = settings;
  playground.change({ settings: { ...settings, model: playground.settings.model } });
  const fileSize = packed === null ? null : await showRecording(packed, settings);
  if (model !== playground.settings.model && model !== 'embedded') offerModel(model, fileSize);
}

/** @returns the size of its model's file in bytes, or null where there is no recording to be had */
async function showRecording(packed: string, settings: Settings): Promise<number | null> {
  // Only links with a recording need this code.
  const [{ unpackRecord }, { openRecord }, { settingsChecksum }] = await Promise.all([
    import('../record/unpack.ts'),
    import('../record/open_record.ts'),
    import('../record/checksum.ts'),
  ]);
  try {
    const { record, settings: sent } = await unpackRecord(packed);
    openRecord(record, {
      origin: 'link',
      settings: { ...settings, model: playground.settings.model },
      altered: sent !== null && sent !== settingsChecksum(settings),
      take: false,
      replace: true,
      reveal: true,
    });
    return record.model.fileSize;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    notify(
      'error',
      `The recording in the link cannot be shown: ${why}. Its settings are here; ask for the recording as a file.`,
    );
    return null;
  }
}
