/** Works out the witness of a statement in a thread of its own: it takes the processor for seconds. */
import { parentPort, workerData } from "node:worker_threads";
import type { RangeStyle } from "#core/zk/circuit/builder.ts";
import type { NetworkStatement } from "#core/zk/circuit/network-circuit.ts";
import { solveStatement } from "./solve-statement.ts";

const { statement, rangeStyle } = workerData as { statement: NetworkStatement; rangeStyle: RangeStyle };
parentPort?.postMessage(solveStatement(statement, rangeStyle));
