"""Finds the hidden units of plain stacks of layers.

A plain stack is layers one after the other (linear ones, convolutions, what normalises each unit by
itself) with anything between them that has no weights. Which axes of which tensors belong to the same
units is guessed from one forward pass. Whether the guess is right is decided by the function:
unit_verification.py.
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from gangan_cli.weightspace.hidden_units import Axis, Group, HiddenUnits
from gangan_cli.weightspace.unit_verification import BATCH, NotPlain, RandomFunction, all_outputs
from store import Layout

if TYPE_CHECKING:
    from torch import Tensor, nn

SIDES = (28, 32, 64, 16, 8, *range(1, 129), 224, 256)
"""Sides of images that are tried as inputs of convolutions."""


class _Layer(NamedTuple):
    """A module with tensors of its own: the axes of its weight for outputs and inputs, both None if it
    acts on each unit by itself."""

    name: str
    output: int | None
    input: int | None
    shapes: dict[str, tuple[int, ...]]


def find_hidden_units(networks: "nn.Module | Mapping[str, nn.Module]", layout: Layout) -> HiddenUnits:
    """Return the hidden units of a network, or of several by name, for flat vectors of this layout.

    The tensors of `layout` are named as in the state dict, after the network's name and a dot where
    there are several; batch statistics and counters may be missing from it. A network that is not a
    plain stack, or whose inputs are not found, has a reason instead of units.

    Raises:
        ValueError: the layout is not that of the networks.
    """
    from torch import nn

    several = not isinstance(networks, nn.Module)
    own = networks if isinstance(networks, Mapping) else {"": networks}
    groups: list[Group] = []
    reasons: dict[str, str] = {}
    for name, network in own.items():
        prefix = f"{name}." if several else ""
        _check(network, prefix, layout)
        try:
            found = _groups_of(network)
        except NotPlain as reason:
            reasons[name] = str(reason)
        else:
            groups += [_within(group, prefix, layout) for group in found]
    return HiddenUnits(layout, tuple(groups), reasons)


def _check(network: "nn.Module", prefix: str, layout: Layout) -> None:
    buffers = {name for name, _ in network.named_buffers()}
    for name, tensor in network.state_dict().items():
        shape = layout.shapes.get(prefix + name)
        if shape != tuple(tensor.shape) and not (shape is None and name in buffers):
            raise ValueError(
                f"{prefix}{name} is {tuple(tensor.shape)} in the network, {shape} in the layout"
            )


def _within(group: Group, prefix: str, layout: Layout) -> Group:
    """Return the group with the names of a layout, and without tensors that this lacks."""
    incoming, outgoing = (
        tuple(
            replace(axis, tensor=prefix + axis.tensor)
            for axis in axes
            if prefix + axis.tensor in layout.shapes
        )
        for axes in (group.incoming, group.outgoing)
    )
    return Group(prefix + group.name, group.units, incoming, outgoing, group.scalable)


def _groups_of(network: "nn.Module") -> list[Group]:
    """Return the verified groups of a network.

    Raises:
        NotPlain: it is not a plain stack.
    """
    network = copy.deepcopy(network).double().eval()
    layers = list(_layers(network))
    if not layers:
        return []
    batch = _input(network, layers)
    before, outputs = _dataflow(network, layers, batch)
    proposed = _proposed(layers, before, outputs)
    function = RandomFunction(network, batch)
    verified = []
    for group in proposed:
        function.verify(group)
        verified.append(function.with_scales(group))
    return [group for group in verified if group.units > 1 or group.scalable]


def _layers(network: "nn.Module") -> Iterator[_Layer]:
    """Yield the modules that have tensors of their own.

    Raises:
        NotPlain: one is of another kind than those of a plain stack.
    """
    from torch import nn
    from torch.nn.modules.conv import _ConvNd

    seen: dict[int, str] = {}
    for name, tensor in network.state_dict(keep_vars=True).items():
        if tensor.numel() and seen.setdefault(tensor.data_ptr(), name) != name:
            raise NotPlain(f"{name} and {seen[tensor.data_ptr()]} are one tensor")
    for name, module in network.named_modules():
        kept = module.state_dict(keep_vars=True)
        shapes = {key: tuple(t.shape) for key, t in kept.items() if "." not in key and t.dim()}
        if not shapes:
            continue
        if isinstance(module, nn.Linear):
            yield _Layer(name, 0, 1, shapes)
        elif isinstance(module, _ConvNd) and module.groups == 1:
            yield _Layer(name, int(module.transposed), 1 - int(module.transposed), shapes)
        elif len(set(shapes.values())) == 1 and len(next(iter(shapes.values()))) == 1:
            yield _Layer(name, None, None, shapes)
        else:
            kind = "a convolution of groups" if isinstance(module, _ConvNd) else type(module).__name__
            raise NotPlain(f"{name or 'the network itself'} is {kind}, not a layer of a plain stack")


def _input(network: "nn.Module", layers: list[_Layer]) -> "Tensor":
    """Return a random batch that the network takes.

    Raises:
        NotPlain: none of those tried.
    """
    import torch

    first = next((layer for layer in layers if layer.input is not None), None)
    if first is None:
        raise NotPlain("it has no linear layer, nor a convolution")
    weight = first.shapes["weight"]
    wide = weight[first.input or 0]
    shapes: list[tuple[int, ...]] = [(wide,)]
    if dims := len(weight) - 2:
        shapes += [(wide, *[side] * dims) for side in SIDES]
    generator = torch.Generator().manual_seed(0)
    for shape in shapes:
        batch = torch.randn(BATCH, *shape, generator=generator, dtype=torch.float64)
        try:
            with torch.no_grad():
                all_outputs(network(batch))
        except Exception:  # whatever a stranger's network says of inputs that do not suit it
            continue
        return batch
    raise NotPlain("no input was found that its forward takes")


def _dataflow(
    network: "nn.Module", layers: list[_Layer], batch: "Tensor"
) -> tuple[dict[str, set[str]], set[str]]:
    """Return, for each layer, the layers whose outputs reach it through no other layer, and those that
    so reach the network's outputs.

    Raises:
        NotPlain: a layer is used twice, or not at all.
    """
    modules = dict(network.named_modules())
    made: dict[Any, str] = {}
    before: dict[str, set[str]] = {}

    def reaching(tensors: Any) -> set[str]:
        nodes = [t.grad_fn for t in tensors if getattr(t, "grad_fn", None) is not None]
        found, passed = set(), set()
        while nodes:
            node = nodes.pop()
            if node in made:
                found.add(made[node])
            elif node not in passed:
                passed.add(node)
                nodes += [next_ for next_, _ in node.next_functions if next_ is not None]
        return found

    def hook(name: str) -> Any:
        def called(module: Any, inputs: Any, output: Any) -> None:
            if name in before:
                raise NotPlain(f"{name} is used twice")
            before[name] = reaching(inputs)
            made[output.grad_fn] = name

        return called

    for parameter in network.parameters():
        parameter.requires_grad_(True)
    hooks = [modules[layer.name].register_forward_hook(hook(layer.name)) for layer in layers]
    try:
        outputs = reaching([all_outputs(network(batch))])
    finally:
        for each in hooks:
            each.remove()
    if unused := [layer.name for layer in layers if layer.name not in before]:
        raise NotPlain(f"{unused[0]} is not called by forward")
    return before, outputs


def _proposed(layers: list[_Layer], before: dict[str, set[str]], outputs: set[str]) -> list[Group]:
    """Return the groups that the flow of data suggests, in the order of the layers.

    Raises:
        NotPlain: layers branch and meet again, or their sizes do not fit.
    """
    own = {layer.name: layer for layer in layers}
    maker: dict[str, str] = {}
    for name, sources in before.items():  # in the order of calls
        if len(sources) > 1:
            raise NotPlain(f"{name} takes the outputs of {' and '.join(sorted(sources))} at once")
        if own[name].output is not None:
            maker[name] = name
        elif sources:
            maker[name] = maker[next(iter(sources))]
    incoming: dict[str, list[tuple[str, int, int]]] = {}
    outgoing: dict[str, list[tuple[str, int, int]]] = {}
    for name, sources in before.items():
        layer = own[name]
        if layer.output is not None:
            for key, shape in layer.shapes.items():
                axis = layer.output if len(shape) > 1 else 0
                incoming.setdefault(name, []).append((f"{name}.{key}", axis, shape[axis]))
        elif name in maker:
            sides = [(f"{name}.{key}", 0, shape[0]) for key, shape in layer.shapes.items()]
            incoming[maker[name]] += [side for side in sides if side[2] > 1]
        if layer.input is not None and sources:
            source = maker.get(next(iter(sources)))
            if source is not None:
                side = layer.shapes["weight"][layer.input]
                outgoing.setdefault(source, []).append((f"{name}.weight", layer.input, side))
    last = {maker[name] for name in outputs if name in maker}
    if lost := [name for name in incoming if name not in outgoing and name not in last]:
        raise NotPlain(f"what {lost[0]} makes leads nowhere")
    groups = []
    for name in incoming:
        if name in last:
            continue
        units = min(side for _, _, side in incoming[name] + outgoing[name])
        if wrong := [one for one in incoming[name] + outgoing[name] if one[2] % units]:
            raise NotPlain(f"{wrong[0][0]} has {wrong[0][2]} places for the {units} units of {name}")
        groups.append(Group(name, units, _axes(incoming[name], units), _axes(outgoing[name], units)))
    return groups


def _axes(of: list[tuple[str, int, int]], units: int) -> tuple[Axis, ...]:
    # The tensors of a network that is one layer have no prefix.
    return tuple(Axis(tensor.removeprefix("."), axis, side // units) for tensor, axis, side in of)
