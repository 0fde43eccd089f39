/**
 * Writes the circuit of an architecture: `node server/proofs/build-network-circuit.ts ARCHITECTURE BATCH STYLE TARGET`. It
 * takes the processor for seconds and the memory of millions of constraints, so it runs apart.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { toAcir } from "#core/zk/circuit/acir.ts";
import { blankNetwork } from "#core/zk/circuit/blank-network.ts";
import type { RangeStyle } from "#core/zk/circuit/builder.ts";
import { buildNetworkCircuit } from "#core/zk/circuit/network-circuit.ts";
import { architectureSchema, sizeOf } from "#core/zk/network.ts";

const [source, batch, style, target] = process.argv.slice(2);
if (!source || !batch || !style || !target) throw new Error("Name architecture, batch, style and target.");
const architecture = architectureSchema.parse(JSON.parse(readFileSync(source, "utf8")));
const blank = new Int32Array(sizeOf(architecture.input.shape));
const { circuit } = buildNetworkCircuit(
  {
    network: blankNetwork(architecture),
    salt: 0n,
    inputs: Array.from({ length: Number(batch) }, () => blank),
    inputSalt: 0n,
    context: 0n,
  },
  { rangeStyle: style as RangeStyle },
);
writeFileSync(
  target,
  JSON.stringify({
    abi: { parameters: [], return_type: null, error_types: {} },
    bytecode: gzipSync(toAcir(circuit), { level: 1 }).toString("base64"),
  }),
);
