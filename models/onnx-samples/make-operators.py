"""Writes small files of one operator each with ONNX's own helpers: python3 make-operators.py (Debian: python3-onnx)."""

import os

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save, shape_inference

random = np.random.default_rng(7)


def weights(*shape):
    return random.normal(size=shape).astype(np.float32)


def integers(*values):
    return np.array(values, dtype=np.int64)


def write(name, operator, shape, constants=(), opset=17, outputs=1, output_type=TensorProto.FLOAT, **attributes):
    """A model that reads `input` of an open batch and gives `output`, the last of the node's outputs."""
    names = [f"constant{i}" for i in range(len(constants))]
    results = [f"part{i}" for i in range(outputs - 1)] + ["output"]
    node = helper.make_node(operator, ["input", *names], results, name=name, **attributes)
    graph = helper.make_graph(
        [node],
        name,
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", *shape])],
        [helper.make_tensor_value_info("output", output_type, None)],
        [numpy_helper.from_array(value, key) for key, value in zip(names, constants)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], producer_name="make-operators.py", ir_version=8)
    checker.check_model(shape_inference.infer_shapes(model))
    save(model, os.path.join("operators", f"{name}.onnx"))


def main():
    os.makedirs("operators", exist_ok=True)
    write("gemm", "Gemm", [6], [weights(3, 6), weights(3)], transB=1, alpha=0.5)
    write("matmul", "MatMul", [2, 5], [weights(5, 3)])
    write("conv", "Conv", [2, 6, 6], [weights(4, 1, 3, 3), weights(4)], group=2, pads=[1, 0, 1, 2], strides=[2, 1])
    write("conv-row", "Conv", [3, 10], [weights(2, 3, 3)], dilations=[2], pads=[2, 1])
    write("batch-normalization", "BatchNormalization", [3, 4], [weights(3), weights(3), weights(3), np.abs(weights(3)) + 1])
    write("max-pool", "MaxPool", [2, 7, 7], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    write("average-pool", "AveragePool", [2, 6, 6], kernel_shape=[2, 2], pads=[1, 1, 0, 0], count_include_pad=1)
    write("global-average-pool", "GlobalAveragePool", [3, 4, 4])
    write("clip", "Clip", [8], [np.float32(-0.5), np.float32(1)])
    write("prelu", "PRelu", [3, 2, 2], [np.abs(weights(3, 1, 1))])
    write("softmax-old", "Softmax", [2, 5], opset=11)
    write("softmax", "Softmax", [2, 5])
    write("reduce-mean", "ReduceMean", [3, 4], axes=[-1], keepdims=0)
    write("reduce-sum", "ReduceSum", [3, 4], [integers(1)])
    write("argmax", "ArgMax", [7], axis=1, keepdims=0, output_type=TensorProto.INT64)
    write("slice", "Slice", [6, 5], [integers(4, 1), integers(0, 5), integers(1, 2), integers(-2, 1)])
    write("split", "Split", [6, 2], [integers(1, 3, 2)], axis=1, outputs=3)
    write("gather", "Gather", [5, 2], [integers(4, 0, -2)], axis=1)
    write("pad", "Pad", [2, 3], [integers(0, 1, 0, 0, 0, 2)])
    write("unsqueeze-old", "Unsqueeze", [4], opset=11, axes=[1])
    for operator in ["Relu", "LeakyRelu", "Elu", "Sigmoid", "Tanh", "Erf", "HardSwish", "Softplus"]:
        write(operator.lower(), operator, [9])


if __name__ == "__main__":
    main()
