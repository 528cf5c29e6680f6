import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StopWatcher } from '../../../src/decoding/stopping.ts';

/** Collects every visible text, and the end. */
function feed(sequences: string[], pieces: string[]): { shown: string[]; text: string; stop: string | null } {
  const watcher = new StopWatcher(sequences);
  const shown: string[] = [];
  for (const piece of pieces) {
    const stop = watcher.push(piece);
    shown.push(stop === null ? watcher.text.slice(0, watcher.visible) : watcher.text);
    if (stop !== null) return { shown, text: watcher.text, stop };
  }
  return { shown, text: watcher.text, stop: null };
}

test('no part of a stop sequence across three tokens is ever shown', () => {
  const { shown, text, stop } = feed(['\n\nUser:'], ['Hello', '.\n', '\nUs', 'er: hi']);
  expect(shown).toEqual(['Hello', 'Hello.', 'Hello.', 'Hello.']);
  expect([text, stop]).toEqual(['Hello.', '\n\nUser:']);
});

test('text that could begin a stop sequence is shown once it cannot', () => {
  const { shown, stop } = feed(['\n\nUser'], ['a\n', '\nUs', 'ually']);
  expect(shown).toEqual(['a', 'a', 'a\n\nUsually']);
  expect(stop).toBeNull();
});

test('the sequence that begins first wins, and the longest of those', () => {
  expect(feed(['b', 'abc', 'ab'], ['xabc'])).toMatchObject({ text: 'x', stop: 'abc' });
  expect(feed(['bc', 'a'], ['xabc'])).toMatchObject({ text: 'x', stop: 'a' });
});

test('neither an empty stop sequence nor given text stops a run', () => {
  expect(feed([''], ['a', 'b'])).toMatchObject({ text: 'ab', stop: null });
  const watcher = new StopWatcher(['END']);
  watcher.skip('an END, and EN');
  expect(watcher.push('x')).toBeNull();
  const given = new StopWatcher(['END', 'ENDLESS']);
  given.skip('END');
  // It may still become the longer sequence.
  expect(given.visible).toBe(0);
  const whole = new StopWatcher(['END', 'long as it may be']);
  whole.skip('an END');
  expect(whole.visible).toBe(6);
  const second = new StopWatcher(['END']);
  second.skip('EN');
  expect([second.push('D'), second.text]).toEqual(['END', '']);
});

test('any cut of a text gives the result of the whole text, and shown text never shrinks or leaks', () => {
  const letters = fc.constantFrom('a', 'b', 'ab', 'ba', 'aab', '\n', 'é', '🦊');
  fc.assert(
    fc.property(
      fc.array(letters, { maxLength: 30 }),
      fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\n'), minLength: 1, maxLength: 4 }), {
        maxLength: 3,
      }),
      (pieces, sequences) => {
        const whole = pieces.join('');
        const starts = sequences.map((sequence) => whole.indexOf(sequence)).filter((at) => at >= 0);
        const { shown, text, stop } = feed(sequences, pieces);
        if (stop === null) expect([text, starts]).toEqual([whole, []]);
        else
          expect(
            sequences.some((sequence) => text + sequence === whole.slice(0, text.length + sequence.length)),
          ).toBe(true);
        for (const [i, visible] of shown.entries()) {
          expect(text.startsWith(visible)).toBe(true);
          if (i > 0) expect(visible.startsWith(shown[i - 1]!)).toBe(true);
        }
      },
    ),
    { numRuns: 500 },
  );
});
