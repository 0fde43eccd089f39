import { gzipSync } from "node:zlib";
import { toWitness } from "#core/zk/circuit/acir.ts";
import type { RangeStyle } from "#core/zk/circuit/builder.ts";
import { buildNetworkCircuit, type NetworkStatement } from "#core/zk/circuit/network-circuit.ts";

export type Solved = { witness: Uint8Array; publicInputs: bigint[] };

export function solveStatement(statement: NetworkStatement, rangeStyle: RangeStyle): Solved {
  const { values, publicInputs } = buildNetworkCircuit(statement, { rangeStyle, keepsConstraints: false });
  return { witness: gzipSync(toWitness(values), { level: 1 }), publicInputs };
}
