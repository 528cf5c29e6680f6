import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  readReport,
  reportFragment,
  reportText,
  summaryOf,
} from '../../../src/playground/conformance/report_text.ts';
import { type ConformanceReport, GROUPS } from '../../../src/worker/conformance/report.ts';

const REPORT: ConformanceReport = {
  at: '2026-11-21T12:00Z',
  adapter: 'llvmpipe (LLVM 19)',
  browser: 'Mozilla/5.0 & more',
  numerics: 'webgpu reducer=rows kv=f32',
  rows: [
    { group: 'kernels', name: 'norms', outcome: 'ok', detail: '2 variants, as computed in f64' },
    { group: 'model', name: '“a = b”', outcome: 'failed', detail: 'KL 1 | more' },
    { group: 'speed', name: 'Decoding', outcome: 'info', detail: '3 ms' },
  ],
};

test('a link carries the report in a readable form', () => {
  const fragment = reportFragment(REPORT);
  expect(fragment).toContain('numerics=webgpu+reducer');
  expect(fragment).toContain('kernels=ok%7Cnorms%7C2+variants');
  expect(readReport(`#${fragment}`)).toEqual(REPORT);
});

test('the text has everything that the page shows, and counts the failures', () => {
  expect(summaryOf(REPORT)).toBe('1 of 2 checks failed.');
  const text = reportText(REPORT);
  for (const { name, detail } of REPORT.rows) expect(text).toContain(`${name}: ${detail}`);
  expect(text).toContain('✗ “a = b”');
  expect(text).toContain(REPORT.numerics);
});

test('a fragment without a report gives null, and no fragment throws', () => {
  expect(readReport('')).toBeNull();
  expect(readReport('#v=1&prompt=x')).toBeNull();
  const pair = fc.tuple(fc.constantFrom('report', 'at', 'rows', ...GROUPS), fc.string());
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 300 }), (pairs) => {
      const found = readReport(`report=1&${new URLSearchParams(pairs).toString()}`);
      for (const { outcome, group } of found?.rows ?? []) {
        expect(['ok', 'failed', 'info']).toContain(outcome);
        expect(GROUPS).toContain(group);
      }
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => void readReport(text)));
});
