import { FIELD_ORDER, poseidon2Permutation } from "../poseidon2.ts";
import { type Circuit, type Constraint, toField } from "./builder.ts";

export type Violation = { at: number; label: string; kind: Constraint["kind"] };

const holds = (constraint: Constraint, values: readonly bigint[], tables: Circuit["tables"]): boolean => {
  const of = (wire: number): bigint => values[wire] ?? 0n;
  switch (constraint.kind) {
    case "zero": {
      let sum = constraint.constant;
      for (const [coefficient, left, right] of constraint.products) sum += coefficient * of(left) * of(right);
      for (const [coefficient, wire] of constraint.terms) sum += coefficient * of(wire);
      return toField(sum) === 0n;
    }
    case "range":
      return of(constraint.wire) >> BigInt(constraint.bits) === 0n;
    case "permutation": {
      const [a = 0n, b = 0n, c = 0n, d = 0n] = constraint.inputs.map(of);
      const outputs = poseidon2Permutation([a, b, c, d]);
      return constraint.outputs.every((wire, i) => of(wire) === outputs[i]);
    }
    case "lookup": {
      const cells = tables[constraint.table] ?? [];
      const index = of(constraint.index);
      if (index >= BigInt(cells.length)) return false;
      const cell = cells[Number(index)];
      return cell !== undefined && of(cell) === of(constraint.value);
    }
  }
};

/** The first constraint that a witness does not keep; null when it keeps all. What the prover would find, in a thousandth of the time. */
export function findViolation({ constraints, tables }: Circuit, values: readonly bigint[]): Violation | null {
  const outside = values.findIndex((value) => value < 0n || value >= FIELD_ORDER);
  if (outside >= 0) throw new Error(`Wire ${outside} holds no field element.`);
  const at = constraints.findIndex((constraint) => !holds(constraint, values, tables));
  const broken = constraints[at];
  return broken ? { at, label: broken.label, kind: broken.kind } : null;
}
