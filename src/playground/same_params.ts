import type { SamplingParams } from '../sampling/params.ts';

/** Whether two sets of parameters are equal; the order of keys does not matter. */
export function sameParams(a: SamplingParams, b: SamplingParams): boolean {
  return (Object.keys(a) as (keyof SamplingParams)[]).every((key) => {
    const one = a[key];
    const other = b[key];
    return typeof one === 'number' ? Object.is(one, other) : JSON.stringify(one) === JSON.stringify(other);
  });
}
