/**
 * Charts draw one after another, each in a task of its own between two frames, because a frame in which text streams has
 * enough to do. A chart that is asked again before its turn draws only the newest request.
 */
const waiting = new Map<object, () => void>();
let scheduled = false;

export function drawSoon(owner: object, draw: () => void): void {
  // A new entry goes to the end of the queue, and an old one keeps its turn.
  waiting.set(owner, draw);
  if (!scheduled) schedule();
}

/** Forgets a chart that is gone. */
export function drawNever(owner: object): void {
  waiting.delete(owner);
}

/** Draws at most one chart per frame, and none while the page is hidden. */
function schedule(): void {
  scheduled = true;
  requestAnimationFrame(() => setTimeout(drawNext));
}

function drawNext(): void {
  const [next] = waiting;
  scheduled = false;
  if (!next) return;
  const [owner, draw] = next;
  waiting.delete(owner);
  draw();
  if (waiting.size > 0) schedule();
}
