import type { CandidateRow } from '../../../worker/api/views.ts';
import { figure } from '../../format.ts';

/** By how much a token missed the cut, in the cut's own unit. */
export function missedWords({ quantity, value, bound }: NonNullable<CandidateRow['missed']>): string {
  const by = figure(Math.abs(value - bound));
  switch (quantity) {
    case 'logit':
      return `${by} below ${figure(bound)} in logit`;
    case 'probability':
      return `p ${figure(value)}, cut at ${figure(bound)}`;
    case 'probability-above':
      return `p ${figure(value)}, above ${figure(bound)}`;
    case 'typicality':
      return `${by} nats too far from the entropy`;
    case 'bits':
      return `${by} bits over ${figure(bound)}`;
    case 'forbidden':
      return 'forbidden';
  }
}
