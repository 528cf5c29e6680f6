import type { TokenId } from '../engines/contract.ts';

/** A node of a tree of token sequences: the tokens on the path to it. The root, 0, is the empty sequence. */
export type NodeId = number;

/**
 * All sequences of a run as one tree. Lanes, branches and beams share the nodes of their common beginning, so whatever is kept by
 * node is kept once.
 */
export class TokenTree {
  readonly root: NodeId = 0;
  readonly #parents: NodeId[] = [-1];
  readonly #tokens: TokenId[] = [-1];
  readonly #children: (Map<TokenId, NodeId> | undefined)[] = [undefined];

  /** The node one token further; created if it is new. */
  extend(node: NodeId, token: TokenId): NodeId {
    const children = (this.#children[node] ??= new Map());
    const known = children.get(token);
    if (known !== undefined) return known;
    const made = this.#parents.length;
    this.#parents.push(node);
    this.#tokens.push(token);
    this.#children.push(undefined);
    children.set(token, made);
    return made;
  }

  /** The node of a whole sequence; created if it is new. */
  insert(tokens: readonly TokenId[]): NodeId {
    return tokens.reduce((node, token) => this.extend(node, token), this.root);
  }

  /** The nodes of all beginnings of `tokens` that are in the tree, from one token on. */
  walk(tokens: readonly TokenId[]): NodeId[] {
    const nodes: NodeId[] = [];
    let node: NodeId | undefined = this.root;
    for (const token of tokens) {
      node = this.#children[node]?.get(token);
      if (node === undefined) break;
      nodes.push(node);
    }
    return nodes;
  }
}
