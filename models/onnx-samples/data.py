"""The data that the samples learn, all of it from scikit-learn's package: nothing is downloaded."""

import json

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.model_selection import train_test_split

SEED = 7


def digits():
    """Images of 28 by 28 in [0, 1], enlarged from 8 by 8, and their digits: train and test."""
    images, labels = load_digits(return_X_y=True)
    return train_test_split(enlarge(images), labels, test_size=360, random_state=SEED, stratify=labels)


def enlarge(images):
    """Each pixel of 8 by 8 stands for about 3.5 by 3.5 of the result, the nearest one."""
    nearest = np.arange(28) * 8 // 28
    square = images.reshape(-1, 8, 8) / 16
    return square[:, nearest][:, :, nearest].astype(np.float32)


def table(load):
    """Rows of features and their classes: train and test."""
    features, classes = load(return_X_y=True)
    return train_test_split(features.astype(np.float32), classes, test_size=0.3, random_state=SEED, stratify=classes)


def write_tests():
    """What the models have not seen. Digits are written as 8 by 8 numbers from 0 to 16."""
    images, labels = load_digits(return_X_y=True)
    _, images, _, labels = train_test_split(images, labels, test_size=360, random_state=SEED, stratify=labels)
    write("digits-test.json", images.astype(int), labels)
    for name, load in [("cancer", load_breast_cancer), ("wine", load_wine)]:
        _, features, _, classes = table(load)
        write(f"{name}-test.json", features, classes)


def write(path, inputs, labels):
    rows = [[number if isinstance(number, int) else round(number, 6) for number in row] for row in inputs.tolist()]
    with open(path, "w") as file:
        json.dump({"inputs": rows, "labels": labels.tolist()}, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    write_tests()
