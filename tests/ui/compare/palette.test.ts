/** Checks that the lanes' hues in the style sheet can be told apart, with any colour vision, and stand out from the panel. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

type Triple = readonly [number, number, number];

const css = readFileSync(new URL('../../../src/ui/theme.css', import.meta.url), 'utf8');

function colours(block: string): Map<string, string> {
  return new Map(
    [...block.matchAll(/(--[\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, name, value]) => [name!, value!]),
  );
}

const [lightBlock, darkBlock] = css.split(":root[data-theme='dark']") as [string, string];
const themes = { light: colours(lightBlock), dark: colours(darkBlock) };

function linear(hex: string): Triple {
  return [1, 3, 5].map((at) => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as unknown as Triple;
}

function times(matrix: readonly Triple[], v: Triple): Triple {
  return matrix.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]) as unknown as Triple;
}

/** Machado, Oliveira, Fernandes: "A physiologically-based model for simulation of color vision deficiency", 2009; severity 1. */
const eyes: Record<string, readonly Triple[]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** Ottosson's OKLab, in which a distance of about 0.02 is just visible. */
function oklab(rgb: Triple): Triple {
  const lms = times(
    [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    rgb,
  ).map((value) => Math.cbrt(Math.max(0, value))) as unknown as Triple;
  return times(
    [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ],
    lms,
  );
}

function luminance(hex: string): number {
  const [r, g, b] = linear(hex);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

describe.each(Object.entries(themes))('lanes in the %s theme', (_, names) => {
  const lanes = Array.from({ length: 8 }, (__, lane) => names.get(`--lane-${lane + 1}`)!);

  test.each(Object.entries(eyes))('have eight distinct hues for %s', (__, matrix) => {
    const seen = lanes.map((hex) =>
      oklab(times(matrix, linear(hex)).map((c) => Math.min(1, Math.max(0, c))) as unknown as Triple),
    );
    for (let a = 0; a < 8; a++) {
      for (let b = 0; b < a; b++) {
        const distance = Math.hypot(...seen[a]!.map((value, i) => value - seen[b]![i]!));
        expect(distance, `${lanes[a]} and ${lanes[b]}`).toBeGreaterThan(0.1);
      }
    }
  });

  test('each stands out from the panel as WCAG requires of graphics', () => {
    const panel = luminance(names.get('--panel')!);
    for (const lane of lanes) {
      const own = luminance(lane);
      expect((Math.max(own, panel) + 0.05) / (Math.min(own, panel) + 0.05), lane).toBeGreaterThanOrEqual(3);
    }
  });
});
