/** Opens a link: the page takes its settings and shows its record. Its model waits for a click. */
import { offerModel } from './link_model.ts';
import { notify } from '../notices.ts';
import { playground } from '../state.svelte.ts';
import type { Settings } from '../settings.ts';
import type { LinkState } from './fragment.ts';

/** UTF-16 units of a notice. Further problems are only counted. */
const maxNotice = 1600;

/** Never cuts the last sentence, which has the unknown names. */
function inOneNotice(problems: readonly string[]): string {
  const last = problems.at(-1)!;
  const shown: string[] = [];
  let room = maxNotice - last.length;
  for (const problem of problems.slice(0, -1)) {
    room -= problem.length + 1;
    if (room < 0) break;
    shown.push(problem);
  }
  const more = problems.length - 1 - shown.length;
  const rest = more > 0 ? [`${more} more ${more === 1 ? 'value is' : 'values are'} not usable.`] : [];
  return [...shown, ...rest, last].join(' ');
}

export async function openLink({ settings, packed, problems }: LinkState): Promise<void> {
  if (problems.length > 0) notify('error', inOneNotice(problems));
  const { model } = settings;
  playground.takeSettings({ ...settings, model: playground.settings.model });
  const fileSize = packed === null ? null : await showRecording(packed, settings);
  if (model !== playground.settings.model && model !== 'embedded') offerModel(model, fileSize);
}

/** @returns the size of the model's file in bytes; null if the record cannot be shown */
async function showRecording(packed: string, settings: Settings): Promise<number | null> {
  // Only links with a record need this code.
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
      altered: sent !== settingsChecksum(settings),
      take: false,
      replace: true,
      reveal: true,
    });
    return record.model.fileSize;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    notify(
      'error',
      `The record in the link cannot be shown: ${why}. Its settings are here; ask for the record as a file.`,
    );
    return null;
  }
}
