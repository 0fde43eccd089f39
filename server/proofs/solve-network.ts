/** Works out the witness of a statement in a thread of its own: it takes the processor for seconds. */
import { parentPort, workerData } from "node:worker_threads";
import { gzipSync } from "node:zlib";
import { toWitness } from "#core/zk/circuit/acir.ts";
import type { BuilderOptions } from "#core/zk/circuit/builder.ts";
import { buildNetworkCircuit, type NetworkStatement } from "#core/zk/circuit/network-circuit.ts";

const { statement, rangeStyle } = workerData as { statement: NetworkStatement } & Pick<
  Required<BuilderOptions>,
  "rangeStyle"
>;
const { values, publicInputs } = buildNetworkCircuit(statement, { rangeStyle, keepsConstraints: false });
parentPort?.postMessage({ witness: gzipSync(toWitness(values), { level: 1 }), publicInputs });
