import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { laneLetter } from '../../../src/playground/compare/lane_gestures.ts';
import { toCsv } from '../../../src/playground/exchange/csv.ts';
import { toOpenAi } from '../../../src/playground/exchange/openai.ts';
import { readRunFile } from '../../../src/playground/exchange/read_file.ts';
import { toText } from '../../../src/playground/exchange/text.ts';
import { jsonOf } from '../../../src/playground/record/json.ts';
import { makeDocument } from '../../../src/playground/record/make_document.ts';
import { arbitraryRecord } from '../link/arbitrary_record.ts';
import { arbitrarySettings } from '../link/arbitrary_settings.ts';

/** RFC 4180, character by character: an independent reader. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (quoted && c === '"' && text[i + 1] === '"') {
      cell += '"';
      i++;
    } else if (c === '"') quoted = !quoted;
    else if (!quoted && c === ',') {
      row.push(cell);
      cell = '';
    } else if (!quoted && c === '\r' && text[i + 1] === '\n') {
      rows.push([...row, cell]);
      row = [];
      cell = '';
      i++;
    } else cell += c;
  }
  return rows;
}

describe('JSON', () => {
  test('any document is read back unchanged, bans included', () => {
    fc.assert(
      fc.property(arbitraryRecord, arbitrarySettings, (record, settings) => {
        const document = makeDocument(record, settings, 'A title');
        const read = readRunFile('run.json', jsonOf(document, 1));
        expect(read.settings).toEqual(settings);
        expect(read.record).toEqual(document);
      }),
      { numRuns: 100 },
    );
  });

  test('a record from before the lanes had a layout keeps its checksum and gets the usual one', () => {
    const [record] = fc.sample(arbitraryRecord, { numRuns: 1, seed: 5 });
    const [settings] = fc.sample(arbitrarySettings, { numRuns: 1, seed: 5 });
    const view = { ...settings!.view, layout: undefined } as never;
    const older = makeDocument(record!, { ...settings!, view }, 'A title');
    expect(readRunFile('run.json', jsonOf(older)).settings!.view.layout).toBe('columns');
    const later = { ...settings!, view: { ...settings!.view, layout: 'rows' as const } };
    expect(readRunFile('run.json', jsonOf(makeDocument(record!, later, ''))).settings).toEqual(later);
  });

  const [record] = fc.sample(arbitraryRecord, { numRuns: 1, seed: 3 });
  const [settings] = fc.sample(arbitrarySettings, { numRuns: 1, seed: 3 });
  const document = makeDocument(record!, settings!, 'A title');
  const json = jsonOf(document);

  test.each([
    ['not JSON', '{"format": "logitsc', 'x.json is no JSON, or was cut off; save or download it again.'],
    [
      'something else',
      '{"a": 1}',
      'x.json is neither a run that was saved here nor an OpenAI answer with logprobs; choose a .json file of one of these.',
    ],
    [
      'null',
      'null',
      'x.json is neither a run that was saved here nor an OpenAI answer with logprobs; choose a .json file of one of these.',
    ],
    [
      'a later version',
      json.replace('"version":2', '"version":3'),
      'x.json is of version 3, newer than this page, which reads up to 2; reload the page for a newer one.',
    ],
    [
      'another checksum',
      json.replace(document.checksum, '00000000'),
      'x.json is not a run that can be read: its checksum does not fit its content. Save it anew.',
    ],
    [
      'a wrong type',
      json.replace('"promptLength":', '"promptLength":"a","was":'),
      'x.json is not a run that can be read at lines.0.promptLength: Invalid type: Expected number but received "a". Save it anew.',
    ],
    [
      'an answer without logprobs',
      '{"choices":[{"message":{"content":"Hi"},"logprobs":null}]}',
      'x.json is an OpenAI answer without logprobs; ask again with "logprobs": true and "top_logprobs": 5.',
    ],
  ])('%s is refused with one sentence', (_, text, sentence) => {
    expect(() => readRunFile('x.json', text)).toThrow(sentence);
  });
});

describe('CSV', () => {
  test('has a row for each token of each text, and unchanged cells', () => {
    fc.assert(
      fc.property(arbitraryRecord, (record) => {
        const [header, ...rows] = parseCsv(toCsv(record));
        const tokens = record.lines.flatMap((text) =>
          text.tokens.map((token, position) => ({ ...token, of: text, position })),
        );
        expect(rows).toHaveLength(tokens.length);
        rows.forEach((row, index) => {
          const cells = Object.fromEntries(header!.map((name, at) => [name, row[at]]));
          const { of, position, text, label, rawLogprob, id } = tokens[index]!;
          const output = position - of.promptLength;
          const drawn = output >= 0 && !of.byHand.includes(output);
          const part = of.drawn.findLast(({ from }) => from <= position) ?? {
            params: of.params,
            strategy: record.strategy,
          };
          expect(cells).toMatchObject({
            line: of.name,
            lane:
              record.comparison === null
                ? String(of.lane)
                : record.strategy === 'beam'
                  ? String(of.lane + 1)
                  : laneLetter(of.lane),
            position: String(position),
            part: position < of.promptLength ? 'prompt' : 'output',
            token_id: String(id),
            token: label,
            text,
            raw_logprob: rawLogprob === null ? '' : String(rawLogprob),
            temperature: drawn ? String(part.params.temperature) : '',
            drawn_by: drawn ? part.strategy : '',
          });
        });
      }),
      { numRuns: 50 },
    );
  });
});

describe('the OpenAI shape', () => {
  test('texts, logprobs and candidates that are written are read again', () => {
    fc.assert(
      fc.property(arbitraryRecord, arbitrarySettings, (record, settings) => {
        const outputs = record.lines.filter(({ tokens, promptLength }) =>
          tokens
            .slice(promptLength)
            .every(({ rawLogprob, text, label }) => rawLogprob !== null && text === label),
        );
        fc.pre(outputs.length === record.lines.length);
        const answer = toOpenAi(makeDocument(record, { ...settings, mode: 'chat' }, 'A title'));
        const read = readRunFile('answer.json', JSON.stringify(answer)).record;
        const brief = (texts: typeof read.lines): unknown =>
          texts.map(({ tokens, promptLength }) =>
            tokens.slice(promptLength).map(({ label, text, rawLogprob, top }) => ({
              label,
              text,
              rawLogprob,
              top: top.map((candidate) => [candidate.label, candidate.rawLogprob]),
            })),
          );
        expect(brief(read.lines)).toEqual(brief(record.lines));
      }),
      { numRuns: 50 },
    );
  });

  test('a text keeps its prompt, and says that a page like this made it', () => {
    fc.assert(
      fc.property(arbitraryRecord, arbitrarySettings, (record, settings) => {
        const texts = record.lines.slice(0, 1).map((text) => ({ ...text, parent: null, forkedAt: null }));
        const one = { ...record, lines: texts, current: 0, comparison: null };
        const answer = toOpenAi(makeDocument(one, { ...settings, mode: 'text' }, 'A title'));
        expect(answer).toMatchObject({ object: 'text_completion' });
        const read = readRunFile('answer.json', JSON.stringify(answer)).record;
        expect(read.engine.kind).toBe('unknown');
        expect(read.lines[0]!.promptLength).toBe(texts[0]!.promptLength);
        const labels = texts[0]!.tokens.map(({ label }) => label);
        expect(read.lines[0]!.tokens.map(({ label }) => label)).toEqual(labels);
      }),
      { numRuns: 30 },
    );
  });

  // As api.openai.com answers POST /v1/chat/completions with logprobs and top_logprobs: 2.
  const chat = {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'gpt-4o-mini-2024-07-18',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Hi 👋', refusal: null },
        logprobs: {
          content: [
            {
              token: 'Hi',
              logprob: -0.25,
              bytes: [72, 105],
              top_logprobs: [
                { token: 'Hi', logprob: -0.25, bytes: [72, 105] },
                { token: 'Hello', logprob: -1.5, bytes: [72, 101, 108, 108, 111] },
              ],
            },
            { token: ' \\xf0\\x9f', logprob: -2, bytes: [32, 240, 159], top_logprobs: [] },
            { token: '\\x91\\x8b', logprob: -0.001, bytes: [145, 139], top_logprobs: [] },
          ],
          refusal: null,
        },
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
  };

  test('in an answer of the chat API, bytes give the text and candidates the ranks', () => {
    const { record, settings } = readRunFile('chat.json', JSON.stringify(chat));
    expect(settings).toBeNull();
    expect(toText(record)).toBe('Hi 👋\n');
    const [text] = record.lines;
    expect(text).toMatchObject({ promptLength: 0, reason: 'end-of-generation' });
    expect(text!.tokens[0]).toMatchObject({ text: 'Hi', rawLogprob: -0.25, rank: 1, entropy: null });
    expect(text!.tokens[0]!.top.map(({ label }) => label)).toEqual(['Hi', 'Hello']);
    expect(text!.tokens.map(({ rank }) => rank)).toEqual([1, null, null]);
  });

  test('reads an answer of the older completions API', () => {
    const answer = {
      model: 'davinci-002',
      choices: [
        {
          text: ' a b',
          finish_reason: 'length',
          logprobs: {
            tokens: [' a', ' b'],
            token_logprobs: [null, -1],
            top_logprobs: [null, { ' c': -0.5, ' b': -1 }],
            text_offset: [0, 2],
          },
        },
      ],
    };
    const { record } = readRunFile('old.json', JSON.stringify(answer));
    expect(toText(record)).toBe(' a b\n');
    expect(record.lines[0]).toMatchObject({ reason: 'max-tokens' });
    expect(record.lines[0]!.tokens.map(({ rawLogprob, rank }) => [rawLogprob, rank])).toEqual([
      [null, null],
      [-1, 2],
    ]);
  });
});
