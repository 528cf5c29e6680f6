import { describe, expect, test } from 'vitest';
import { canShareLuck, noPart, stageHasPart, withoutHeat } from '../../../src/playground/no_part.ts';
import { defaultSettings, type Settings } from '../../../src/playground/settings.ts';
import { beamParams } from '../../../src/decoding/strategies/beam.ts';
import { seedLanes, temperatureLanes } from '../../../src/playground/compare/lane_gestures.ts';

const plain = defaultSettings();
const compared = (patch: Partial<Settings>): Settings => ({
  ...plain,
  view: { ...plain.view, page: 'compare' },
  ...patch,
});

describe('controls that play no part', () => {
  test('the common temperature plays none where each lane has its own, and only in that view', () => {
    const lanes = temperatureLanes();
    expect(noPart('temperature', compared({ lanes }))).toBe('each lane has its own');
    expect(noPart('topP', compared({ lanes }))).toBeNull();
    expect(noPart('temperature', compared({ lanes: [...lanes, {}] }))).toBeNull();
    expect(noPart('temperature', { ...plain, lanes })).toBeNull();
    const samples = { ...plain.method, kind: 'best-of-n' } as const;
    expect(noPart('temperature', compared({ lanes, method: samples }))).toBeNull();
  });

  test('a beam search has no use for temperature, seed and the stages that heat or pick', () => {
    const beams = compared({ method: { ...plain.method, kind: 'beam' } });
    expect(noPart('temperature', beams)).not.toBeNull();
    expect(noPart('seed', beams)).not.toBeNull();
    expect(noPart('topK', beams)).toBeNull();
    const stages = plain.params.order.filter((stage) => stageHasPart(stage, beams));
    expect(stages).toEqual(
      plain.params.order.filter((stage) => beamParams(plain.params).order.includes(stage)),
    );
    expect(stageHasPart('temperature', { ...beams, view: plain.view })).toBe(true);
    expect(withoutHeat(plain.params)).toEqual(beamParams(plain.params));
  });

  test('random numbers can only be common to lanes with one seed', () => {
    expect(canShareLuck(compared({ lanes: temperatureLanes() }))).toBe(true);
    expect(canShareLuck(compared({ lanes: seedLanes(42, 4) }))).toBe(false);
    expect(canShareLuck(compared({ lanes: [...seedLanes(42, 2), { seed: 42 }] }))).toBe(true);
    expect(canShareLuck(compared({ lanes: [{}] }))).toBe(false);
  });
});
