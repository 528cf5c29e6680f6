/** What stands below every picture: what was written, by which settings and model, and the record's hash. */
import { laneLetter } from '../../../playground/compare/lane_gestures.ts';
import { titleOf } from '../../../playground/record/make_document.ts';
import { makeRecord, type Recordable } from '../../../playground/record/make_record.ts';
import { recordHash, shortHash } from '../../../playground/record/record_hash.ts';
import { settingsWords } from '../../../playground/settings_words.ts';
import { drawnBy, type PageText } from '../../../playground/texts/text.ts';
import type { SamplingParams } from '../../../sampling/params.ts';
import { methods } from '../../../playground/method.ts';
import { placeOf } from '../../format.ts';

/** @returns lines, each of which may be broken */
export async function captionNotes(subject: Recordable): Promise<string[]> {
  const record = await makeRecord(subject, 0);
  const hash = await recordHash(record);
  const { model, engine } = record;
  const file = model.sha256 === null ? '' : `, SHA-256 ${shortHash(model.sha256)}…`;
  const adapter = engine.adapter === '' || engine.kind === 'scripted' ? '' : `, on ${engine.adapter}`;
  return [
    `“${titleOf(subject.texts[0]!)}”`,
    ...settingsNotes(subject),
    `Model: ${model.name}${file}${adapter}`,
    `Logitscope · record ${shortHash(hash)}`,
  ];
}

/** The settings of a text by its parts, or of a comparison with what sets its lanes apart. */
function settingsNotes({ texts, comparison }: Recordable): string[] {
  if (!comparison) return texts.map((text) => (texts.length > 1 ? `${text.name}: ` : '') + partsOf(text));
  const { strategy, params, patches, differences } = comparison;
  // What every lane sets for itself is said with the lanes.
  const keys = Object.keys(patches[0] ?? {}) as (keyof SamplingParams)[];
  const own = new Set(keys.filter((key) => patches.every((patch) => patch[key] !== undefined)));
  const common = joined(settingsWords(params, own));
  if (strategy.kind !== 'sample') {
    const method = methods.find(({ kind }) => kind === strategy.kind)?.label ?? 'Greedy';
    return [`${method}: ${common}`];
  }
  const lanes = differences.map((words, lane) => `${laneLetter(lane)} ${words}`.trim());
  return [common, ...(lanes.length > 1 ? [`Lanes: ${joined(lanes)}`] : [])];
}

function partsOf(text: PageText): string {
  return drawnBy(text)
    .map(({ from, params }, part) => {
      const place = part === 0 ? '' : `from ${placeOf(from, text.promptLength)}: `;
      return `${place}${joined(settingsWords(params))}`;
    })
    .join('; ');
}

function joined(words: readonly string[]): string {
  return words.join(' · ');
}
