import type { BestOfScore, BranchResult } from '../../decoding/events.ts';

/** Says why a sample of best-of-N lost to the winner. */
export function whyLost(sample: BranchResult, winner: BranchResult | null, score: BestOfScore): string {
  if (sample.reason === 'error') return 'it failed';
  if (sample.valid === false) return 'not valid';
  if (!winner) return 'none was valid';
  switch (score.kind) {
    case 'shortest':
      return units(sample.text.length - winner.text.length, 'longer');
    case 'longest':
      return units(winner.text.length - sample.text.length, 'shorter');
    default: {
      const behind = winner.averageLogprob - sample.averageLogprob;
      return behind === 0 ? 'as likely, drawn later' : `${behind.toFixed(3)} nats behind`;
    }
  }
}

function units(difference: number, word: string): string {
  return difference === 0
    ? 'as long, drawn later'
    : `${difference} ${difference === 1 ? 'character' : 'characters'} ${word}`;
}
