import { Interpreter } from '@huggingface/jinja';
import {
  binaryCost,
  callCost,
  filterCost,
  iterationCost,
  outputCost,
  sliceCost,
  type TemplateValue,
  weightOf,
} from './template_cost.ts';

type Statement = NonNullable<Parameters<Interpreter['evaluate']>[0]>;
type Scope = Parameters<Interpreter['evaluate']>[1];
type Value = ReturnType<Interpreter['evaluate']>;
type Program = Parameters<Interpreter['run']>[0];

/** Maximum of expressions and statements per rendering. A long chat with tools takes some ten thousand. */
const MAX_STEPS = 200_000;
/** Maximum of characters in a text that a template builds, or in a list or object as text. Prompts of small models have some 100 000. */
const MAX_TEXT_LENGTH = 1_000_000;
/** Maximum of entries in a list that a template builds. */
const MAX_LIST_LENGTH = 10_000;
/** Maximum cost of all steps, and of one step (template_cost.ts). A long chat costs some million. */
const MAX_COST = 100_000_000;
const MAX_STEP_COST = 20_000_000;
/** A time limit, for costs that the estimates miss. A legitimate template takes a few milliseconds. */
const MAX_MILLISECONDS = 700;

// The nodes whose operands are evaluated before the operation. The library does not export their types.
type Arguments = readonly (Statement & { value?: unknown; argument?: Statement })[];
interface Call extends Statement {
  readonly callee: Statement & { object?: Statement; property?: { value?: unknown }; value?: unknown };
  readonly args: Arguments;
}
interface Operation extends Statement {
  readonly operator: { readonly value: string };
  readonly left: Statement;
  readonly right: Statement;
}
interface Filter extends Statement {
  readonly operand: Statement;
  readonly filter: Call & { readonly value?: unknown };
  readonly body: readonly Statement[];
}
interface Loop extends Statement {
  readonly iterable: Statement & { lhs?: Statement };
}
interface Member extends Statement {
  readonly object: Statement;
  readonly property: Statement;
}

/**
 * Jinja's interpreter with a bound on what a program may do. It evaluates the operands of an operation first, so that it knows the
 * cost before the operation begins: each step is charged for its input and for its largest possible output.
 *
 * @throws Error in `render` if the program exceeds a bound
 */
export class BoundedInterpreter extends Interpreter {
  #steps = 0;
  #cost = 0;
  #deadline = Infinity;
  /** Expressions that form a block of their own: their value goes to the output. */
  readonly #written = new WeakSet<object>();

  render(program: Program): string {
    this.#deadline = performance.now() + MAX_MILLISECONDS;
    this.#findWritten(program);
    return String(this.run(program).value);
  }

  override evaluate(statement: Statement | undefined, scope: Scope): Value {
    if (statement instanceof Known) return statement.known as Value;
    this.#countStep();
    const result = super.evaluate(statement && this.#prepared(statement, scope), scope);
    if (weightOf(result) > MAX_TEXT_LENGTH) {
      throw new Error(`it builds a text of more than ${MAX_TEXT_LENGTH} characters`);
    }
    if (Array.isArray(result.value) && result.value.length > MAX_LIST_LENGTH) {
      throw new Error(`it builds a list of more than ${MAX_LIST_LENGTH} entries`);
    }
    if (statement && this.#written.has(statement)) this.#charge(outputCost(result));
    return result;
  }

  /** The same operation with its operands evaluated; its cost is charged. */
  #prepared(statement: Statement, scope: Scope): Statement {
    const evaluated = (operand: Statement): Value => this.evaluate(operand, scope);
    switch (statement.type) {
      case 'BinaryExpression': {
        const { operator, left, right } = statement as Operation;
        // These may skip their second operand.
        if (operator.value === 'and' || operator.value === 'or') return statement;
        const operands = [evaluated(left), evaluated(right)] as const;
        this.#charge(binaryCost(operator.value, ...operands));
        return changed(statement, { left: new Known(operands[0]), right: new Known(operands[1]) });
      }
      case 'FilterExpression': {
        const { operand, filter } = statement as Filter;
        return this.#filtered(statement, evaluated(operand), filter, scope);
      }
      case 'FilterStatement': {
        const { body, filter } = statement as Filter;
        const text = evaluated({ type: 'Program', body } as unknown as Statement);
        return this.#filtered({ type: 'FilterExpression' } as Statement, text, filter, scope);
      }
      case 'CallExpression':
        return this.#called(statement as Call, scope);
      case 'CallStatement': {
        const { call } = statement as Statement & { call: Call };
        return changed(statement, { call: this.#called(call, scope) });
      }
      case 'MemberExpression': {
        const { object, property } = statement as Member;
        if (property.type !== 'SliceExpression') return statement;
        const value = evaluated(object);
        this.#charge(sliceCost(value));
        return changed(statement, { object: new Known(value) });
      }
      case 'For': {
        const { iterable } = statement as Loop;
        const value = evaluated(iterable.lhs ?? iterable);
        this.#charge(iterationCost(value));
        const known = new Known(value);
        return changed(statement, { iterable: iterable.lhs ? changed(iterable, { lhs: known }) : known });
      }
      default:
        return statement;
    }
  }

  #filtered(statement: Statement, operand: Value, filter: Filter['filter'], scope: Scope): Statement {
    const call = filter.type === 'CallExpression' ? this.#withArguments(filter, scope) : null;
    this.#charge(filterCost(String((call ? filter.callee : filter).value), operand, call?.values ?? []));
    return changed(statement, { operand: new Known(operand), filter: call?.node ?? filter });
  }

  #called(call: Call, scope: Scope): Call {
    const { node, values } = this.#withArguments(call, scope);
    const { callee } = call;
    if (callee.type !== 'MemberExpression') return node;
    const object = this.evaluate(callee.object, scope);
    this.#charge(callCost(String(callee.property?.value), object, values));
    return changed(node, { callee: changed(callee, { object: new Known(object) }) });
  }

  /** Positional arguments come before keywords, as in the library. Literals stay nodes, because some filters require them. */
  #withArguments(call: Call, scope: Scope): { node: Call; values: Value[] } {
    const values: Value[] = [];
    const known = [...call.args];
    const place = (inner: Statement): Known => {
      const value = this.evaluate(inner, scope);
      values.push(value);
      return new Known(value);
    };
    call.args.forEach((argument, i) => {
      if (argument.type === 'SpreadExpression')
        known[i] = changed(argument, { argument: place(argument.argument!) });
      else if (!argument.type.startsWith('Keyword')) {
        const value = place(argument);
        if (argument.type !== 'StringLiteral') known[i] = value;
      }
    });
    call.args.forEach((argument, i) => {
      if (argument.type === 'KeywordSpreadExpression') {
        known[i] = changed(argument, { argument: place(argument.argument!) });
      } else if (argument.type === 'KeywordArgumentExpression') {
        known[i] = changed(argument, { value: place(argument.value as Statement) });
      }
    });
    return { node: changed(call, { args: known }), values };
  }

  #countStep(): void {
    if (++this.#steps > MAX_STEPS) throw new Error(`it takes more than ${MAX_STEPS} steps`);
    if (this.#steps % 64 === 0) this.#checkTime();
  }

  #charge(cost: number): void {
    this.#cost += cost;
    if (cost > MAX_STEP_COST || this.#cost > MAX_COST)
      throw new Error('its texts and lists are too long for what it does with them');
    this.#checkTime();
  }

  #checkTime(): void {
    if (performance.now() > this.#deadline) throw new Error(`it takes more than ${MAX_MILLISECONDS} ms`);
  }

  #findWritten(node: unknown): void {
    if (typeof node !== 'object' || node === null) return;
    for (const [name, inner] of node instanceof Map ? node : Object.entries(node)) {
      if (Array.isArray(inner) && ['body', 'alternate', 'defaultBlock'].includes(name as string)) {
        for (const statement of inner) this.#written.add(statement as object);
      }
      this.#findWritten(inner);
    }
  }
}

/** Replaces an operand that has been evaluated. */
class Known {
  readonly type = 'Known';
  constructor(readonly known: TemplateValue) {}
}

function changed<T extends Statement>(node: T, changes: Readonly<Record<string, unknown>>): T {
  return { ...node, ...changes };
}

/** Jinja's `range`, which works like Python's. */
export function boundedRange(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined || second === null ? [0, first] : [first, second];
  if (![start, stop, step].every(Number.isFinite) || step === 0)
    throw new Error('range() needs numbers and a step');
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > MAX_LIST_LENGTH)
    throw new Error(`range() of ${length} entries is more than ${MAX_LIST_LENGTH}`);
  return Array.from({ length }, (_, i) => start + i * step);
}
