/** A component's life without a component. @returns ends its effects */
export function root(body: () => void): () => void {
  return $effect.root(body);
}
