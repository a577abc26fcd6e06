"""The generator's objectives of Goodfellow et al., "Generative adversarial nets" (2014), section 3.

Algorithm 1 descends log(1 - D(G(z))), the generator's side of the minimax game. Where the discriminator
is sure that an image is generated, that is flat: its derivative by D's logit is -D. The text therefore
proposes -log D(G(z)), with the derivative -(1 - D) and the same fixed point.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional as F


def cross_entropy(judged: Tensor, *, real: bool) -> Tensor:
    """Binary cross-entropy of probabilities (B, 1) against one answer, as the released code of 000 has
    it.

    On probabilities, not logits: its gradient fades where the discriminator is sure, and a GAN-GAN
    over raw weights depends on that.
    """
    # PyTorch raises on NaN, which would end every GAN of the chunk; a GAN that has diverged is known
    # by its weights.
    judged = judged.nan_to_num(0.5)
    return F.binary_cross_entropy(judged, torch.full_like(judged, float(real)))


def nonsaturating(judged: Tensor) -> Tensor:
    """-log D(G(z)), averaged over the probabilities `judged` (B, 1) that D gives to generated images."""
    return cross_entropy(judged, real=True)


def minimax(judged: Tensor) -> Tensor:
    """log(1 - D(G(z))), averaged likewise: negative, and never below log(1 - 1) = -100, where PyTorch
    cuts logarithms."""
    return -cross_entropy(judged, real=False)


OBJECTIVES: Mapping[str, Callable[[Tensor], Tensor]] = {
    "nonsaturating": nonsaturating,
    "minimax": minimax,
}
"""The generator's objectives, of the probabilities (B, 1) that D gives to its images."""


def check_objective(name: str) -> None:
    """Check the name of a generator's objective.

    Raises:
        TypeError: there is none of that name, as for every hyperparameter that makes no sense.
    """
    if name not in OBJECTIVES:
        raise TypeError(f"no loss {name!r}: choose from {', '.join(OBJECTIVES)}")
