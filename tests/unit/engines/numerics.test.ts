import fc from 'fast-check';
import { expect, test } from 'vitest';
import { numericsDifference, numericsId } from '../../../src/engines/numerics.ts';

const OURS = { shaders: '3fa1c2', reducer: 'rows', subgroups: 8, kv: 'f32' };

test('an id is the engine, then its fields', () => {
  expect(numericsId('webgpu', OURS)).toBe('webgpu shaders=3fa1c2 reducer=rows subgroups=8 kv=f32');
  expect(numericsId('server')).toBe('server');
  expect(numericsId('llama.cpp', { build: 'b1 (abc)\n', threads: '' })).toBe(
    'llama.cpp build=b1-(abc) threads=unknown',
  );
});

test('a difference names what differs and both values', () => {
  const here = numericsId('webgpu', { ...OURS, subgroups: 4, kv: 'f16' });
  expect(numericsDifference(numericsId('webgpu', OURS), here)).toEqual([
    'the size of a subgroup (8 there, 4 here)',
    'the number format of the KV cache (f32 there, f16 here)',
  ]);
  expect(numericsDifference('server', here)).toEqual(['the engine (server there, webgpu here)']);
  expect(numericsDifference('', here)).toEqual(['the engine (unknown there, webgpu here)']);
});

test('names a field that one side lacks, and a field without a word', () => {
  expect(numericsDifference('webgpu kv=f32', 'webgpu kv=f32 heads=2')).toEqual([
    'heads (unknown there, 2 here)',
  ]);
});

test('the order of fields makes no difference, and each changed value makes one', () => {
  const field = fc.stringMatching(/^[a-z0-9]{1,8}$/);
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(field, field), { selector: ([name]) => name, maxLength: 8 }),
      fc.nat(),
      (entries, which) => {
        const id = numericsId('webgpu', Object.fromEntries(entries));
        const turned = numericsId('webgpu', Object.fromEntries([...entries].reverse()));
        expect(numericsDifference(id, turned)).toEqual([]);
        if (entries.length === 0) return;
        const [name, value] = entries[which % entries.length]!;
        const other = numericsId('webgpu', { ...Object.fromEntries(entries), [name]: `${value}x` });
        expect(numericsDifference(id, other)).toHaveLength(1);
      },
    ),
  );
});

test('reads any string, because ids arrive in records and links', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      expect(numericsDifference(a, a)).toEqual([]);
      numericsDifference(a, b).forEach((phrase) => expect(phrase).not.toBe(''));
    }),
  );
});
