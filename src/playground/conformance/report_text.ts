/** A conformance report as text, and as a link with a readable fragment. */
import {
  type ConformanceGroup,
  type ConformanceReport,
  type ConformanceRow,
  GROUPS,
} from '../../worker/conformance/report.ts';

/** Limits on the fragment's length, the number of its rows, and the length of each value. */
const MAX_LENGTH = 20_000;
const MAX_ROWS = 200;
const MAX_VALUE = 400;

export { GROUPS };

const OUTCOMES = ['ok', 'failed', 'info'] as const;

export const GROUP_TITLES: Readonly<Record<ConformanceGroup, string>> = {
  kernels: 'Kernels against known answers',
  sampling: 'Samplers against published figures',
  model: 'Embedded model against llama.cpp',
  speed: 'Speed',
};

/** A sentence per group that tells the person what a failing row means. */
export const MEANINGS: Readonly<Record<ConformanceGroup, string>> = {
  kernels:
    'The engine does not use a kernel that fails here: it uses another variant, or refuses models that need the kernel.',
  sampling: 'With these settings the page draws other tokens than llama.cpp would; please report it.',
  model:
    'The probabilities of this model are wrong in this browser, or could not be computed; please report it.',
  speed: '',
};

export function summaryOf({ rows }: Pick<ConformanceReport, 'rows'>): string {
  const checked = rows.filter(({ outcome }) => outcome !== 'info');
  const failed = checked.filter(({ outcome }) => outcome === 'failed').length;
  if (failed === 0) return `All ${checked.length} checks passed.`;
  return `${failed} of ${checked.length} checks failed.`;
}

const MARKS = { ok: '✓', failed: '✗', info: '·' } as const;

export function reportText(report: ConformanceReport): string {
  const { at, adapter, browser, numerics, rows } = report;
  const texts = [
    'Logitscope conformance',
    summaryOf(report),
    '',
    `When      ${at}`,
    `Adapter   ${adapter}`,
    `Browser   ${browser}`,
    `Numerics  ${numerics}`,
  ];
  for (const group of GROUPS) {
    const own = rows.filter((row) => row.group === group);
    if (own.length === 0) continue;
    texts.push('', GROUP_TITLES[group]);
    for (const { name, outcome, detail } of own) texts.push(`${MARKS[outcome]} ${name}: ${detail}`);
  }
  return `${texts.join('\n')}\n`;
}

/** @returns the fragment without `#`: `report=1&at=…&adapter=…&kernels=ok|norms|2 variants, as computed in f64&…` */
export function reportFragment({ at, adapter, browser, numerics, rows }: ConformanceReport): string {
  const pairs = rows.map(({ group, outcome, name, detail }) => [
    group,
    [outcome, name.replaceAll('|', '/'), detail].join('|'),
  ]);
  return new URLSearchParams([
    ...Object.entries({ report: '1', at, adapter, browser, numerics }),
    ...pairs,
  ] as string[][]).toString();
}

/** Reads a fragment that anyone may have written. Never throws, and skips invalid rows. @returns null if it is no report */
export function readReport(fragment: string): ConformanceReport | null {
  const query = new URLSearchParams(fragment.slice(0, MAX_LENGTH).replace(/^#/, ''));
  if (query.get('report') !== '1') return null;
  const value = (name: string) => (query.get(name) ?? 'unknown').slice(0, MAX_VALUE);
  const rows = [...query].flatMap(([name, text]): ConformanceRow[] => {
    const group = GROUPS.find((one) => one === name);
    const [first, title = '', ...rest] = text.slice(0, MAX_VALUE).split('|');
    const outcome = OUTCOMES.find((one) => one === first);
    return group && outcome ? [{ group, outcome, name: title, detail: rest.join('|') }] : [];
  });
  return {
    at: value('at'),
    adapter: value('adapter'),
    browser: value('browser'),
    numerics: value('numerics'),
    rows: rows.slice(0, MAX_ROWS),
  };
}
