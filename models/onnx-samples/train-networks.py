"""Trains the networks and exports them as PyTorch does: python3 train-networks.py (Debian: python3-torch, python3-onnx, python3-sklearn)."""

import torch
from torch import nn

from data import digits

torch.manual_seed(7)
torch.set_num_threads(2)


class Residual(nn.Module):
    """Batch normalisation both behind a convolution, where it can be taken in, and before one, where it cannot."""

    def __init__(self, channels):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.after = nn.BatchNorm2d(channels)

    def forward(self, x):
        inner = torch.relu(self.norm(self.first(x)))
        return torch.relu(x + self.after(self.second(inner)))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.one = Residual(8)
        self.down = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.before = nn.BatchNorm2d(16)
        self.two = Residual(16)
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        x = self.two(torch.relu(self.before(torch.relu(self.down(self.one(self.stem(x)))))))
        return self.head(x.mean(dim=(2, 3)))


class Depthwise(nn.Module):
    """Filters of one channel each, joined by filters of one pixel; the shape is worked out in the graph."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.Hardswish())
        self.deep = nn.Sequential(
            nn.Conv2d(8, 16, 1), nn.ReLU6(), nn.Conv2d(16, 16, 3, stride=2, padding=1, groups=16), nn.ReLU6(), nn.Conv2d(16, 8, 1)
        )
        self.skip = nn.AvgPool2d(3, stride=2, padding=1)
        self.head = nn.Linear(8 * 7 * 7, 10)

    def forward(self, x):
        x = self.stem(x)
        x = torch.cat([self.deep(x)[:, :4], self.skip(x)[:, 4:]], dim=1)
        return torch.softmax(self.head(x.view(x.size(0), -1)), dim=1)


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


def series():
    """A row of 64 numbers in two channels: functions that are looked up, and convolutions of one axis."""
    return nn.Sequential(
        nn.Conv1d(2, 8, 5, padding=2, dilation=1),
        nn.GELU(),
        nn.Conv1d(8, 8, 3, stride=2, padding=2, dilation=2, groups=2),
        nn.LeakyReLU(0.1),
        nn.MaxPool1d(3, stride=2, ceil_mode=True),
        nn.Conv1d(8, 4, 1),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(64, 3),
        nn.Sigmoid(),
    )


def train(model, images, labels, epochs):
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(images)).split(64):
            optimizer.zero_grad()
            scores = model(images[rows])
            loss = nn.functional.nll_loss(scores.clamp_min(1e-9).log(), labels[rows]) if isinstance(model, Depthwise) else nn.functional.cross_entropy(scores, labels[rows])
            loss.backward()
            optimizer.step()


def export(model, name, example, opset, **options):
    torch.onnx.export(model.eval(), example, f"{name}.onnx", input_names=["input"], output_names=["output"], opset_version=opset, **options)


def main():
    images, test_images, labels, test_labels = (torch.from_numpy(part) for part in digits())
    images, test_images = images.unsqueeze(1), test_images.unsqueeze(1)
    batch = {"dynamic_axes": {"input": {0: "batch"}, "output": {0: "batch"}}}
    kept = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}
    for name, model, epochs, opset, options in [
        ("digits-mlp", mlp(), 40, 17, batch),
        ("digits-lenet", lenet(), 12, 13, {}),
        ("digits-resnet", ResNet(), 12, 15, {**batch, **kept}),
        ("digits-depthwise", Depthwise(), 40, 14, batch),
    ]:
        train(model, images, labels, epochs)
        export(model, name, test_images[:1], opset, **options)
        right = (model(test_images).argmax(dim=1) == test_labels).float().mean().item()
        print(f"{name}: {right:.4f} of the test right")
    export(series(), "series", torch.zeros(1, 2, 64), 16)


if __name__ == "__main__":
    main()
