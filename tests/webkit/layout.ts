/** Finds faults in the layout of the page on view, as sentences. It runs in the page, so it imports nothing. */
export function layoutFaults(): string[] {
  interface Box {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
  }

  const meet = (a: Box, b: Box): Box => ({
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  });
  /** Borders may touch, and fractions of a pixel do not count. */
  const isSeen = (box: Box): boolean => box.right - box.left > 1.5 && box.bottom - box.top > 1.5;
  const nameOf = (element: Element): string =>
    `${element.tagName.toLowerCase()} "${(element.getAttribute('aria-label') ?? element.id) || element.textContent.trim().slice(0, 30)}"`;

  /** The visible part of an element whose ancestors clip it. */
  function seenPart(element: Element): Box {
    let box: Box = element.getBoundingClientRect();
    for (let above = element.parentElement; above; above = above.parentElement) {
      const cuts = getComputedStyle(above).overflow !== 'visible' && above !== document.body;
      if (cuts && above !== document.documentElement) box = meet(box, above.getBoundingClientRect());
    }
    return box;
  }

  const shown = [...document.body.querySelectorAll('*')].filter(
    (element) =>
      element.closest('.sr-only, .notices, svg *') === null &&
      element.checkVisibility({ visibilityProperty: true }) &&
      isSeen(seenPart(element)),
  );
  const faults: string[] = [];
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth)
    faults.push(`the page is ${scrollWidth - innerWidth} px wider than the window`);
  for (const element of shown) {
    const { left, right } = seenPart(element);
    if (right > innerWidth + 1 || left < -1)
      faults.push(`${nameOf(element)} reaches from ${left} to ${right} px`);
  }
  const controls = shown.filter((element) =>
    element.matches('button, select, textarea, a[href], input:not([type=file]), [role=slider]'),
  );
  for (const control of controls) {
    const { left, right } = control.getBoundingClientRect();
    for (let above = control.parentElement; above; above = above.parentElement) {
      const { overflowX } = getComputedStyle(above);
      // Scrolled content can be reached.
      if (overflowX === 'auto' || overflowX === 'scroll') break;
      const edge = above.getBoundingClientRect();
      if (overflowX !== 'visible' && (left < edge.left - 1 || right > edge.right + 1))
        faults.push(`${nameOf(control)} is cut off by ${above.className.split(' ')[0]}`);
    }
  }
  controls.forEach((one, i) => {
    for (const other of controls.slice(i + 1)) {
      if (one.contains(other) || other.contains(one)) continue;
      if (isSeen(meet(seenPart(one), seenPart(other))))
        faults.push(`${nameOf(one)} overlaps ${nameOf(other)}`);
    }
  });
  return faults;
}
