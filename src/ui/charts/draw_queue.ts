/** What a frame may spend on charts before the rest waits for the next one, in milliseconds. */
const frameBudgetMs = 5;

/**
 * Charts draw one after another, a few milliseconds a frame: four of them redrawn at once by a streamed token would hold up
 * the text. A chart that is asked to draw again before its turn draws once, what it was asked last.
 */
const waiting = new Map<object, () => void>();
let scheduled = false;

export function drawSoon(owner: object, draw: () => void): void {
  // A new entry goes to the end of the queue; an old one keeps its turn.
  waiting.set(owner, draw);
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(drain);
}

/** For a chart that is gone. */
export function drawNever(owner: object): void {
  waiting.delete(owner);
}

function drain(): void {
  const start = performance.now();
  for (const [owner, draw] of waiting) {
    waiting.delete(owner);
    draw();
    if (performance.now() - start > frameBudgetMs) break;
  }
  scheduled = waiting.size > 0;
  if (scheduled) requestAnimationFrame(drain);
}
