/** The process in which models run: see onnx-runtime.ts. It answers one job after the other. */
import * as ort from "onnxruntime-web";
import type { RuntimeAnswer, RuntimeJob, RuntimeOutput } from "./onnx-runtime.ts";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "fatal";

async function runJob({ model, output, inputs }: RuntimeJob): Promise<RuntimeOutput[]> {
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"], logSeverityLevel: 4 });
  try {
    const [input, another] = session.inputMetadata;
    if (!input?.isTensor || another) throw new Error("The model does not have one input.");
    const shape = input.shape.map((length) => (isLength(length) ? length : 1));
    const outputs: RuntimeOutput[] = [];
    for (const values of inputs) {
      const feeds = { [input.name]: toTensor(input.type, values, shape) };
      const answer = (await session.run(feeds, [output]))[output];
      if (!answer) throw new Error(`The model gives no tensor ${output}.`);
      outputs.push(fromTensor(answer));
    }
    return outputs;
  } finally {
    await session.release();
  }
}

/** A dimension that is open has a name, or where it has none -1, which the runtime gives as an unsigned number. */
const isLength = (length: number | string): length is number => typeof length === "number" && length < 2 ** 31;

function toTensor(type: ort.Tensor.Type, values: Float64Array, shape: number[]): ort.Tensor {
  switch (type) {
    case "float32":
      return new ort.Tensor("float32", Float32Array.from(values), shape);
    case "float64":
      return new ort.Tensor("float64", values, shape);
    case "int32":
      return new ort.Tensor("int32", Int32Array.from(values), shape);
    case "int64":
      return new ort.Tensor("int64", BigInt64Array.from(values, BigInt), shape);
    default:
      throw new Error(`The model reads numbers of the type ${type}.`);
  }
}

function fromTensor({ data }: ort.Tensor): RuntimeOutput {
  const listed = Array.from(data as ArrayLike<number | bigint | string>);
  return typeof listed[0] === "string" ? listed.map(String) : Float64Array.from(listed, Number);
}

process.on("message", (job: RuntimeJob) => {
  runJob(job)
    .then((outputs): RuntimeAnswer => ({ outputs }))
    .catch((error: unknown): RuntimeAnswer => ({ error: error instanceof Error ? error.message : String(error) }))
    .then((answer) => process.send?.(answer));
});
