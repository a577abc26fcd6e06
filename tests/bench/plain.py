"""What one would write from the paper: a loop over GANs, a DataLoader, Adam, a file an epoch.

python -m tests.bench.plain gans DATA-DIR EPOCHS      one GAN of digits
python -m tests.bench.plain gangan FOLDER EPOCHS      a GAN over the state dicts in FOLDER

Prints the seconds of each epoch. Knows nothing of gangan, on purpose.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import datasets, transforms


class Net(nn.Module):
    def __init__(self, inputs, width, outputs, final):
        super().__init__()
        self.input = nn.Linear(inputs, width)
        self.hidden = nn.Linear(width, width)
        self.out = nn.Linear(width, outputs)
        self.final = final

    def forward(self, x):
        x = nn.functional.leaky_relu(self.input(x), 0.2)
        x = nn.functional.leaky_relu(self.hidden(x), 0.2)
        return self.final(self.out(x))


class Snapshots(Dataset):
    """Files of state dicts, each as one flat vector."""

    def __init__(self, folder):
        self.files = sorted(Path(folder).glob("*.pt"))

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        state = torch.load(self.files[index])
        return torch.cat([tensor.flatten() for tensor in state.values()]), 0


def train(loader, discriminator, generator, latent: int, epochs: int) -> Iterator[float]:
    """Yield the seconds of each epoch."""
    of_discriminator = torch.optim.Adam(discriminator.parameters(), lr=2e-4)
    of_generator = torch.optim.Adam(generator.parameters(), lr=2e-4)
    cross_entropy = nn.BCELoss()
    one, zero = torch.ones(loader.batch_size, 1), torch.zeros(loader.batch_size, 1)
    with tempfile.TemporaryDirectory() as folder:
        for epoch in range(epochs):
            began = time.perf_counter()
            for x, _ in loader:
                x = x.flatten(1)
                z = torch.randn(len(x), latent)
                of_generator.zero_grad()
                cross_entropy(discriminator(generator(z)), one).backward()
                of_generator.step()
                z = torch.randn(len(x), latent)
                of_discriminator.zero_grad()
                real = cross_entropy(discriminator(x), one)
                fake = cross_entropy(discriminator(generator(z)), zero)
                (real + fake).backward()
                of_discriminator.step()
            state = {**discriminator.state_dict(), **generator.state_dict()}
            torch.save(state, Path(folder) / f"model_{epoch}.pt")
            yield time.perf_counter() - began


def main(what: str, where: str, epochs: int) -> None:
    settings = {"shuffle": True, "drop_last": True, "num_workers": 2}
    if what == "gans":
        scaled = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
        loader = DataLoader(datasets.MNIST(where, transform=scaled), batch_size=128, **settings)
        networks = Net(784, 64, 1, torch.sigmoid), Net(64, 64, 784, torch.tanh)
        latent = 64
    else:
        loader = DataLoader(Snapshots(where), batch_size=32, **settings)
        networks = Net(113_745, 8, 1, torch.sigmoid), Net(1, 64, 113_745, torch.tanh)
        latent = 1
    for seconds in train(loader, *networks, latent, epochs):
        print(seconds, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
