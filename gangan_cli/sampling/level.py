"""One run of a lineage: its networks, applied to noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import vmap

from gangan_cli.models.family import Family, Networks
from gangan_cli.models.functional import bind_weights, join_networks, split_networks
from gangan_cli.models.layers import BatchNorm
from gangan_cli.rng import stream
from gangan_cli.weightspace.encoder import WeightEncoder
from gangan_cli.weightspace.snapshots import Matrix
from store import Run

ESTIMATED = 512
"""Images from which the missing batch statistics of a GAN are estimated."""


@dataclass(frozen=True)
class Level:
    """One run of a lineage; `code` decodes the output of its networks to weights of the run below."""

    run: Run
    family: Family
    networks: Mapping[str, nn.Module]
    code: WeightEncoder | None

    def generate(self, vectors: Matrix, noise: Matrix) -> Matrix:
        """Return what the GANs with weights (n, P) generate from noise (n, m, L): (n, m, D) float32.

        If the run was trained on images, D counts pixels, in [-1, 1]; if on weights, D counts the
        decoded weights of the run below. Missing batch statistics are added by `with_batchnorm_stats`.
        """
        made = self.outputs(vectors, noise)
        return self.code.decode(made) if self.code else made

    def outputs(self, vectors: Matrix, noise: Matrix) -> Matrix:
        """Return the same before it is decoded: codes (n, m, d), if the run has an encoder."""
        vectors = self.with_batchnorm_stats(vectors)

        def one(vector: Tensor, z: Tensor) -> Tensor:
            parts = split_networks(self.run.manifest.layout, vector)
            bound: Networks = bind_weights(self.networks, parts)
            return self.family.generate(bound, z)

        with torch.no_grad():
            made: Matrix = vmap(one)(torch.from_numpy(vectors), torch.from_numpy(noise)).numpy()
        return made

    def apply_networks(self, vector: Matrix, networks: Sequence[str], batch: Matrix) -> Matrix:
        """Apply `networks` of the GAN with weights (P,), one after the other, to a batch (B, ...)."""
        bound = bind_weights(
            self.networks, split_networks(self.run.manifest.layout, torch.from_numpy(vector))
        )
        made = torch.from_numpy(batch)
        with torch.no_grad():
            for network in networks:
                made = bound[network](made)
        return made.numpy()

    def with_batchnorm_stats(self, vectors: Matrix) -> Matrix:
        """Return weights (n, P) with batch statistics.

        If they are missing, the generator's are estimated from ESTIMATED noise vectors, and the
        discriminator's keep their initial values. If they are present, they may have been generated
        like the weights: variances below 0 become 0.
        """
        layout = self.run.manifest.layout
        if vectors.shape[1] == layout.size:
            variances = [
                t.place for t in layout.tensors if t.statistic and t.name.endswith("running_var")
            ]
            if any((vectors[:, place] < 0).any() for place in variances):
                vectors = vectors.copy()
                for place in variances:
                    vectors[:, place] = np.maximum(vectors[:, place], 0)
            return vectors
        networks, noise = self.family.networks(), self.family.noise((ESTIMATED,), stream(0, 0, 0, "cpu"))
        for layer in (layer for network in networks.values() for layer in network.modules()):
            if isinstance(layer, BatchNorm):
                layer.momentum = 1.0  # running statistics become those of this one batch
        begun = {name: dict(network.state_dict()) for name, network in networks.items()}

        def one(vector: Tensor) -> Tensor:
            parts = split_networks(layout.trainable, vector)
            bound = bind_weights(networks, {name: {**begun[name], **parts[name]} for name in networks})
            self.family.generate(bound, noise)
            found = {name: {**parts[name], **bound[name].statistics} for name in networks}
            return join_networks(layout, found)

        with torch.no_grad():
            complete: Matrix = vmap(one)(torch.from_numpy(vectors)).numpy()
        return complete
