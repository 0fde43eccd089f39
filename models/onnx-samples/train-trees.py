"""Trains forests with scikit-learn and writes them as ai.onnx.ml trees: python3 train-trees.py"""

import numpy as np
from onnx import TensorProto, ValueInfoProto, checker, helper, save
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from data import SEED, table


def float_below(threshold):
    """scikit-learn compares with doubles: the largest float that is not above asks floats the same."""
    nearest = np.float32(threshold)
    return float(nearest if nearest <= threshold else np.nextafter(nearest, np.float32(-np.inf)))


def node_lists(trees):
    """The lists of nodes of a TreeEnsemble operator, every tree in the order of scikit-learn."""
    lists = {name: [] for name in ["treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids"]}
    for index, tree in enumerate(trees):
        for node in range(tree.node_count):
            is_leaf = tree.children_left[node] < 0
            lists["treeids"].append(index)
            lists["nodeids"].append(node)
            lists["featureids"].append(0 if is_leaf else int(tree.feature[node]))
            lists["values"].append(0.0 if is_leaf else float_below(tree.threshold[node]))
            lists["modes"].append("LEAF" if is_leaf else "BRANCH_LEQ")
            lists["truenodeids"].append(0 if is_leaf else int(tree.children_left[node]))
            lists["falsenodeids"].append(0 if is_leaf else int(tree.children_right[node]))
    return {f"nodes_{name}": values for name, values in lists.items()}


def leaf_lists(trees, prefix, votes):
    """`votes(tree, node)` gives pairs of an output and what a leaf adds to it."""
    lists = {name: [] for name in ["treeids", "nodeids", "ids", "weights"]}
    for index, tree in enumerate(trees):
        for node in np.flatnonzero(tree.children_left < 0):
            for output, weight in votes(index, tree, node):
                for name, value in zip(lists, [index, int(node), output, weight]):
                    lists[name].append(value)
    return {f"{prefix}_{name}": values for name, values in lists.items()}


def write(name, nodes, features, outputs):
    inputs = [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", features])]
    graph = helper.make_graph(nodes, name, inputs, outputs)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="train-trees.py", ir_version=8)
    checker.check_model(model)
    save(model, f"{name}.onnx")


def tensor(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def write_forest(name, model, labels, features):
    """Every tree votes with the shares of the classes in its leaf; of two classes with the second's alone, as converters do."""
    trees = [tree.tree_ for tree in model.estimators_]

    def shares(_, tree, node):
        counts = tree.value[node, 0]
        shares = counts / counts.sum() / len(trees)
        return [(0, float(shares[1]))] if len(shares) == 2 else [(i, float(share)) for i, share in enumerate(shares)]

    is_text = isinstance(labels[0], str)
    node = helper.make_node(
        "TreeEnsembleClassifier",
        ["features"],
        ["label", "probabilities"],
        domain="ai.onnx.ml",
        post_transform="NONE",
        **{"classlabels_strings" if is_text else "classlabels_int64s": labels},
        **node_lists(trees),
        **leaf_lists(trees, "class", shares),
    )
    maps = helper.make_node("ZipMap", ["probabilities"], ["maps"], domain="ai.onnx.ml", **node_labels(is_text, labels))
    key = TensorProto.STRING if is_text else TensorProto.INT64
    outputs = [tensor("label", key, ["batch"]), list_of_maps("maps", key)]
    write(name, [node, maps], features, outputs)


def list_of_maps(name, key):
    value = ValueInfoProto(name=name)
    of = value.type.sequence_type.elem_type.map_type
    of.key_type = key
    of.value_type.tensor_type.elem_type = TensorProto.FLOAT
    return value


def node_labels(is_text, labels):
    return {"classlabels_strings": labels} if is_text else {"classlabels_int64s": labels}


def write_boosted_classifier(name, model, labels, features):
    """One score for two classes: what the trees add to the odds, through a logistic function."""
    trees = [stage[0].tree_ for stage in model.estimators_]
    node = helper.make_node(
        "TreeEnsembleClassifier",
        ["features"],
        ["label", "probabilities"],
        domain="ai.onnx.ml",
        post_transform="LOGISTIC",
        base_values=[float(np.log(model.init_.class_prior_[1] / model.init_.class_prior_[0]))],
        classlabels_int64s=labels,
        **node_lists(trees),
        **leaf_lists(trees, "class", lambda _, tree, node: [(0, model.learning_rate * float(tree.value[node, 0, 0]))]),
    )
    outputs = [tensor("label", TensorProto.INT64, ["batch"]), tensor("probabilities", TensorProto.FLOAT, ["batch", 2])]
    write(name, [node], features, outputs)


def write_boosted_regressor(name, model, features):
    trees = [stage[0].tree_ for stage in model.estimators_]
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        ["value"],
        domain="ai.onnx.ml",
        n_targets=1,
        base_values=[float(model.init_.constant_[0, 0])],
        **node_lists(trees),
        **leaf_lists(trees, "target", lambda _, tree, node: [(0, model.learning_rate * float(tree.value[node, 0, 0]))]),
    )
    write(name, [node], features, [tensor("value", TensorProto.FLOAT, ["batch", 1])])


def write_logistic(name, scaler, model, labels, features):
    nodes = [
        helper.make_node("Scaler", ["features"], ["scaled"], domain="ai.onnx.ml", offset=scaler.mean_.tolist(), scale=(1 / scaler.scale_).tolist()),
        helper.make_node(
            "LinearClassifier",
            ["scaled"],
            ["label", "scores"],
            domain="ai.onnx.ml",
            classlabels_strings=labels,
            coefficients=np.concatenate([-model.coef_, model.coef_]).ravel().tolist(),
            intercepts=np.concatenate([-model.intercept_, model.intercept_]).tolist(),
            multi_class=0,
            post_transform="LOGISTIC",
        ),
    ]
    outputs = [tensor("label", TensorProto.STRING, ["batch"]), tensor("scores", TensorProto.FLOAT, ["batch", 2])]
    write(name, nodes, features, outputs)


def main():
    x, tx, y, ty = table(load_breast_cancer)
    names = ["malignant", "benign"]
    forest = RandomForestClassifier(20, max_depth=6, random_state=SEED).fit(x, y)
    write_forest("cancer-forest", forest, names, x.shape[1])
    boosted = GradientBoostingClassifier(n_estimators=30, max_depth=3, random_state=SEED).fit(x, y)
    write_boosted_classifier("cancer-boosted", boosted, [0, 1], x.shape[1])
    scaler = StandardScaler().fit(x)
    logistic = LogisticRegression(random_state=SEED).fit(scaler.transform(x), y)
    write_logistic("cancer-logistic", scaler, logistic, names, x.shape[1])
    print(f"cancer: forest {forest.score(tx, ty):.4f}, boosted {boosted.score(tx, ty):.4f}, logistic {logistic.score(scaler.transform(tx), ty):.4f}")

    x, tx, y, ty = table(load_wine)
    forest = RandomForestClassifier(10, max_depth=5, random_state=SEED).fit(x, y)
    write_forest("wine-forest", forest, [0, 1, 2], x.shape[1])
    print(f"wine: forest {forest.score(tx, ty):.4f}")

    x, y = load_diabetes(return_X_y=True)
    boosted = GradientBoostingRegressor(n_estimators=30, max_depth=3, random_state=SEED).fit(x.astype(np.float32), y)
    write_boosted_regressor("diabetes-boosted", boosted, x.shape[1])


if __name__ == "__main__":
    main()
