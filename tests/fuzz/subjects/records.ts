/** Damaged links, run documents and answers from elsewhere. Whatever opens can be kept and sent on. */
import fc from 'fast-check';
import { readRunFile } from '../../../src/playground/exchange/read_file.ts';
import { PackedTextError } from '../../../src/playground/record/deflate.ts';
import { readFragment, writeFragment } from '../../../src/playground/link/fragment.ts';
import { documentChecksum } from '../../../src/playground/record/checksum.ts';
import type { RunDocument, RunRecord } from '../../../src/playground/record/document.ts';
import { jsonOf } from '../../../src/playground/record/json.ts';
import { makeDocument } from '../../../src/playground/record/make_document.ts';
import { packRecord, unpackRecord } from '../../../src/playground/record/unpack.ts';
import { defaultSettings } from '../../../src/playground/settings.ts';
import { arbitraryRecord } from '../../unit/link/arbitrary_record.ts';
import { arbitrarySettings } from '../../unit/link/arbitrary_settings.ts';
import { mutatedText } from '../mutate.ts';
import { hold, type Outcome, type Subject } from '../subject.ts';

const samples = (): ReturnType<typeof fc.sample<[RunRecord, ReturnType<typeof defaultSettings>]>> =>
  fc.sample(fc.tuple(arbitraryRecord, arbitrarySettings), { numRuns: 40, seed: 17 });

const LINK_PIECES = [
  '&',
  '=',
  '%',
  '%e2%82',
  'v=1',
  'r=',
  't=;;,,',
  'lanes=99',
  'order.2=',
  '__proto__=1',
  '1e999',
  '-0',
];
const JSON_PIECES = [
  'null',
  '[]',
  '{}',
  '-1',
  '0.5',
  '1e308',
  '-1e306',
  '9007199254740993',
  '"ban"',
  '""',
  'true',
  ',',
  '[[',
  '"lines":',
];

const answer = JSON.stringify({
  model: 'cloud',
  choices: [
    {
      finish_reason: 'stop',
      logprobs: {
        content: [{ token: 'a', logprob: -1, bytes: [97], top_logprobs: [{ token: 'b', logprob: -2 }] }],
      },
    },
    {
      finish_reason: null,
      logprobs: { tokens: ['x', 'y'], token_logprobs: [null, -2], top_logprobs: [{ x: -1 }, null] },
    },
  ],
});

export async function links(): Promise<Subject<string>> {
  const whole = await Promise.all(
    samples().map(async ([record, settings]) =>
      writeFragment(settings, await packRecord(record, 3, settings)),
    ),
  );
  return {
    name: 'links',
    cases: 100_000,
    few: 300,
    generate: (chance) => mutatedText(chance.pick(whole), LINK_PIECES, chance),
    judge: async (fragment): Promise<Outcome> => {
      const link = readFragment(fragment);
      if (link === null) return { refused: 'This fragment is no link of ours.' };
      hold(
        readFragment(writeFragment(link.settings))?.problems.length === 0,
        'settings that were read can be sent on',
      );
      if (link.packed === null) return 'accepted';
      try {
        const { record } = await unpackRecord(link.packed);
        await sentOn(record);
        return 'accepted';
      } catch (error) {
        if (!(error instanceof PackedTextError)) throw error;
        return { refused: `The record in the link cannot be shown: ${error.message}.` };
      }
    },
    show: (fragment) => fragment,
  };
}

export function records(): Subject<string> {
  const texts = [
    ...samples().map(([record, settings]) => jsonOf(makeDocument(record, settings, 'title'))),
    ...Array.from({ length: 20 }, () => answer),
  ];
  return {
    name: 'records',
    cases: 50_000,
    few: 300,
    generate: (chance) => {
      const text = mutatedText(chance.pick(texts), JSON_PIECES, chance);
      return chance.oneIn(2) ? text : withNewChecksum(text);
    },
    judge: async (text): Promise<Outcome> => {
      let record: RunRecord;
      try {
        ({ record } = readRunFile('run.json', text));
      } catch (error) {
        if ((error as Error).name !== 'RunFileError') throw error;
        return { refused: (error as Error).message };
      }
      await sentOn(record);
      return 'accepted';
    },
    show: (text) => text,
  };
}

/** Changes a document and fits its checksum, which would otherwise refuse nearly all changes. */
function withNewChecksum(text: string): string {
  try {
    const document = JSON.parse(text) as RunDocument;
    return JSON.stringify({ ...document, checksum: documentChecksum(document) });
  } catch {
    return text;
  }
}

/** Checks that the page can write what it accepted, and read it again. */
async function sentOn(record: RunRecord): Promise<void> {
  const settings = defaultSettings();
  readRunFile('again.json', jsonOf(makeDocument(record, settings, 'title')));
  const packed = await packRecord(record, 5, settings);
  await unpackRecord(packed).catch((error: unknown) => {
    // A link has narrower bounds than a file; Share then offers a file.
    const bounds = error instanceof PackedTextError && / more than /.test(error.message);
    hold(bounds, `what was packed cannot be read: ${String(error)}`);
  });
}
