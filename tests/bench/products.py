"""The matrix products of one epoch of one GAN and nothing else, through the faster of two libraries.

python -m tests.bench.products gans|gangan        prints seconds
"""

import sys
import time

import torch


def sizes(
    batch: int, data: int, latent: int, discriminator: int, generator: int
) -> list[tuple[int, int, int]]:
    """Return (rows, inner, columns) of every product of a step, of which none is done for nothing."""
    made = [(latent, generator), (generator, generator), (generator, data)]
    judged = [(data, discriminator), (discriminator, discriminator), (discriminator, 1)]

    def forward(layers):
        return [(batch, i, o) for i, o in layers]

    def to_inputs(layers):
        return [(batch, o, i) for i, o in layers]

    def to_weights(layers):
        return [(o, batch, i) for i, o in layers]

    generator_step = [
        *forward(made), *forward(judged), *to_inputs(judged), *to_inputs(made[1:]), *to_weights(made)
    ]  # fmt: skip
    discriminator_step = [
        *forward(made), *forward(judged), *forward(judged),
        *to_inputs(judged[1:]), *to_inputs(judged[1:]), *to_weights(judged), *to_weights(judged),
    ]  # fmt: skip
    return generator_step + discriminator_step


def main(what: str) -> None:
    if what == "gans":
        torch.set_num_threads(1)
        shapes, steps = sizes(128, 784, 64, 64, 64), 468
    else:
        shapes, steps = sizes(32, 113_745, 1, 8, 64), 109
    products = {
        shape: (
            torch.randn(shape[0], shape[1]),
            torch.randn(shape[1], shape[2]),
            torch.empty(shape[0], shape[2]),
        )
        for shape in set(shapes)
    }

    def step() -> None:
        for shape in shapes:
            left, right, out = products[shape]
            torch.mm(left, right, out=out)

    best = float("inf")
    for precision in ("none", "bf16"):  # MKL, or what PyTorch was built with; oneDNN
        torch.backends.mkldnn.matmul.fp32_precision = precision
        step()
        for _ in range(5):
            began = time.perf_counter()
            for _ in range(10):
                step()
            best = min(best, (time.perf_counter() - began) / 10)
    print(best * steps)


if __name__ == "__main__":
    main(sys.argv[1])
