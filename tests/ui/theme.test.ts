import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Colours by name in a block of theme.css. */
function palette(selector: string): Map<string, string> {
  const css = readFileSync('src/ui/theme.css', 'utf8');
  const block = css.slice(css.indexOf(`${selector} {`), css.indexOf('}', css.indexOf(`${selector} {`)));
  return new Map(
    [...block.matchAll(/(--[\w-]+):\s*(#[0-9a-f]{6});/g)].map(([, name, value]) => [name!, value!]),
  );
}

/** WCAG 2.2 relative luminance. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high! + 0.05) / (low! + 0.05);
}

const themes = [
  ['light', palette(':root')],
  ['dark', palette(":root[data-theme='dark']")],
] as const;

test.each(themes)(
  '%s: every text has a contrast of 4.5 : 1 on every background that it appears on',
  (_, colours) => {
    const pairs: [string, string][] = [
      ...['--ink', '--ink-2', '--ink-3'].flatMap((ink): [string, string][] =>
        ['--panel', '--bg', '--sunken', '--accent-soft'].map((ground) => [ink, ground]),
      ),
      ['--accent', '--panel'],
      ['--accent-ink', '--accent'],
      ['--warn', '--warn-soft'],
      ['--warn', '--accent-soft'],
      ['--good', '--accent-soft'],
      ['--accent', '--accent-soft'],
      ['--bad', '--panel'],
      ...[1, 2, 3, 4, 5, 6, 7].map((step): [string, string] => ['--v-ink', `--v${step}`]),
    ];
    const low = pairs
      .map(([ink, ground]) => ({ ink, ground, ratio: contrast(colours.get(ink)!, colours.get(ground)!) }))
      .filter(({ ratio }) => !(ratio >= 4.5));
    expect(low).toEqual([]);
  },
);

test.each(themes)(
  '%s: the ramp is monotonic in lightness, so it is readable without colour',
  (_, colours) => {
    const steps = [1, 2, 3, 4, 5, 6, 7].map((step) => luminance(colours.get(`--v${step}`)!));
    const differences = steps.slice(1).map((value, index) => value - steps[index]!);
    expect(new Set(differences.map(Math.sign)).size).toBe(1);
  },
);

test.each(themes)('%s: lines of charts have a contrast of 3 : 1 with the panel', (_, colours) => {
  for (const name of ['--chart-final', '--chart-cut', '--line-strong']) {
    expect(contrast(colours.get(name)!, colours.get('--panel')!)).toBeGreaterThanOrEqual(3);
  }
});
