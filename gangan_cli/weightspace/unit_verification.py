"""Verifies on a network itself that hidden units can change places, or scales.

The network is taken as a function of its weights: with weights drawn at random, two units of a group are
exchanged, then all are moved on by one place, and the outputs must stay. These two generate all orders,
and what holds for weights drawn at random holds for all; so nothing wrong is accepted, whatever the
network is.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gangan_cli.weightspace.hidden_units import Group, HiddenUnits, Orders
from store import Layout

if TYPE_CHECKING:
    from torch import Tensor, nn

BATCH = 4
"""Inputs on which functions are compared."""

SAME = 1e-5
"""Largest difference of equal outputs, as a share of the outputs' standard deviation. They are computed
in float64, where rounding is far smaller."""

DIFFERENT = 1e-2
"""Least difference of the outputs, as the same share, if only the incoming weights of a group are moved:
with less, the network does not show what its weights do."""

GAINS = (1.0, 3.0)
"""Sizes of the weights drawn, as factors on what keeps signals of one size from layer to layer: what
holds only while units stay below a bound, as in a ReLU6, is seen."""


class NotPlain(Exception):
    """Says why a network is not a plain stack."""


def all_outputs(made: Any) -> "Tensor":
    """Return all outputs of a forward as one matrix (B, ...).

    Raises:
        TypeError: it returns no tensors.
    """
    import torch

    parts = (
        made.values()
        if isinstance(made, Mapping)
        else made
        if isinstance(made, tuple | list)
        else [made]
    )
    return torch.cat([part.double().reshape(BATCH, -1) for part in parts], dim=1)


class RandomFunction:
    """A network with weights drawn at random, as a function of them."""

    def __init__(self, network: "nn.Module", batch: "Tensor") -> None:
        self._network, self._batch = network, batch
        state = {name: t for name, t in network.state_dict().items() if t.is_floating_point()}
        self._layout = Layout.of({name: tuple(t.shape) for name, t in state.items()})
        rng = np.random.default_rng(0)
        self._vectors = [self._drawn(rng, gain) for gain in GAINS]
        self._rng = rng
        self._outputs = [self._of(vector) for vector in self._vectors]
        if not all(np.isfinite(made).all() and made.std() > 0 for made in self._outputs):
            raise NotPlain("its outputs do not depend on its inputs")

    def verify(self, group: Group) -> None:
        """Check that the units of a group can change places.

        Raises:
            NotPlain: they cannot.
        """
        on = np.arange(group.units)
        exchanged = on.copy()
        exchanged[:2] = on[:2][::-1]
        for order in (np.roll(on, 1), exchanged) if group.units > 1 else ():
            if self._change(group, (order,)) > SAME:
                raise NotPlain(f"the units of {group.name} cannot change places: its outputs change")
            half = Group(group.name, group.units, group.incoming, ())
            if self._change(half, (order,)) < DIFFERENT and order is not exchanged:
                raise NotPlain(f"its outputs hardly depend on {group.name}")

    def with_scales(self, group: Group) -> Group:
        """Return the group, scalable if its units can be scaled."""
        # What normalises a unit undoes its scale, or has statistics of another power.
        plain = all(axis.tensor.rpartition(".")[0] == group.name for axis in group.incoming)
        scalable = Group(group.name, group.units, group.incoming, group.outgoing, True)
        return scalable if plain and self._change(scalable) < SAME else group

    def _change(self, group: Group, orders: Orders | None = None) -> float:
        """Return how far outputs change, as a share of their standard deviation, if a group's units are
        taken in these orders, or else scaled at random."""
        of = HiddenUnits(self._layout, (group,))
        changes = []
        for vector, made in zip(self._vectors, self._outputs, strict=True):
            changed = vector[None].copy()
            if orders is None:
                of.scale_(changed, [2 ** self._rng.uniform(-4, 4, (1, group.units))])
            else:
                changed = of.permute(changed, orders)
            changes.append(np.abs(self._of(changed[0]) - made).max() / made.std())
        largest = float(max(changes))
        return largest if np.isfinite(largest) else np.inf

    def _of(self, vector: NDArray[np.float64]) -> NDArray[np.float64]:
        import torch
        from torch.func import functional_call

        values = {
            t.name: torch.from_numpy(vector[t.place].reshape(t.shape)) for t in self._layout.tensors
        }
        with torch.no_grad():
            return all_outputs(functional_call(self._network, values, (self._batch,))).numpy()

    def _drawn(self, rng: np.random.Generator, gain: float) -> NDArray[np.float64]:
        """Return weights that let signals through every layer, with biases and statistics that
        matter."""
        parts = []
        for tensor in self._layout.tensors:
            values = rng.standard_normal(tensor.size)
            if len(tensor.shape) > 1:
                values *= gain * (2 * min(tensor.shape[:2]) / max(tensor.size, 1)) ** 0.5
            elif tensor.name.endswith((".weight", "running_var")):
                values = rng.uniform(0.5, 1.5, tensor.size)
            parts.append(values)
        return np.concatenate(parts)
