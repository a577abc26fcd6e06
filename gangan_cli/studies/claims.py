"""What the papers claim and can be measured: the rows of the table `gangan study claims`.

Papers by number, as in docstrings: 000 and 004 Suarez, 001 Karuvally, 002 Zhang and Zhou, 003 Goodfellow
et al. "code" means the paper's released code, "ours" a question of this project.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """A claim: its `id`, where it is made, what it says, and the published figure or the sign to find.
    `command` answers it where no study does (registry.py); "" if nothing here can."""

    id: str
    paper: str
    claim: str
    published: str
    command: str = ""


_MLP = "gangan train-gans --run mlp"
_JUDGED = "gangan evaluate mlp --epochs 1- --quick --samples 2000"
_AUDIT = "gangan audit gangan"

CLAIMS: tuple[Claim, ...] = (
    Claim("C0.1", "000", "a GAN has 113,745 parameters", "113,745", _MLP),
    Claim(
        "C0.2", "000", "its DCGAN has fewer than 30,000", "21,686",
        "gangan train-gans --run small --family dcgan-small",
    ),
    Claim(
        "C0.3", "000", "35 GANs of 100 epochs are 3,500 examples; the code reads GAN 0 35 times",
        "3,500 examples; 100 distinct", "gangan train-gangan --on mlp --run released --preset released",
    ),
    Claim("C0.4", "000, 004", "a GAN improves over training", "distances fall", _JUDGED),
    Claim(
        "C0.5", "000, 004", "a latent of one number is ordered by quality, or by epoch",
        "|rank correlation| ≥ 0.8, 5 seeds", "gangan audit trajectory",
    ),
    Claim("C0.6", "000", "a GAN-GAN's GANs are better than trained ones", "better", _AUDIT),
    Claim("C0.7", "000", "a larger latent is better", "distances fall from 1 to 32"),
    Claim("C0.8", "000", "DCGANs are better than MLPs; a GAN-GAN over them is harder to train", "signs"),
    Claim("C0.9", "004", "results vary with the seed; the GANs take 1.6 GB", "1.60 GB", _JUDGED),
    Claim("C1.1", "001", "accuracy of the classifier", "99.23 %"),
    Claim("C1.2", "001", "label entropy of real images", "0.0062 ± 0.0479"),
    Claim("C1.3", "001", "label entropy of an untrained generator", "0.482 ± 0.160"),
    Claim("C1.4", "001", "label entropy of the baseline", "0.2080 ± 0.3104"),
    Claim("C1.5", "001", "a shared layer does not change it", "difference 0.0014"),
    Claim("C1.6", "code", "label entropy of random numbers", "2.115 ± 0.0865"),
    Claim(
        "C1.7", "001", "kernels of the generator's last layer are like those of the discriminator's "
        "first, those of its last but one are not", "figures 1, 2"
    ),
    Claim(
        "C1.8", "code", "kernels of the layer that is to be shared are not alike",
        "0.647 ± 0.060, random 0.653 ± 0.042"
    ),
    Claim(
        "C1.9", "001", "with a shared layer a GAN of numbers has no tail, and gets mean and std soon",
        "mean 3.783, std 0.295 (data: 4, 0.5)"
    ),
    Claim("C1.10", "001", "the critic alone should update the shared layer", "lower"),
    Claim("C1.11", "001", "an early layer is better to share; several are much worse", "signs"),
    Claim(
        "C1.12", "ours", "similarity is why sharing works, as a frozen random layer does worse",
        "frozen worse"
    ),
    Claim(
        "C1.13", "001", "sharing saves parameters", "102,400 of 663,106",
        "gangan train-gans --run shared --family shared-wgan",
    ),
    Claim("C2.1", "002", "widths of the layers of all variants", "table"),
    Claim(
        "C2.2", "002", "a GAN favours the digits 1, 7 and 9", "together > 0.30",
        "gangan evaluate gan",
    ),
    Claim(
        "C2.3", "002", "a cGAN has balanced digits", "as asked for",
        "gangan evaluate cgan",
    ),
    Claim(
        "C2.4", "002", "a cGAN has noise of white spots", "more than DCGAN",
        "gangan evaluate cgan",
    ),
    Claim(
        "C2.5", "002", "a DCGAN is good very early", "better than a GAN at epochs 1 to 5",
        "gangan evaluate dcgan --epochs 1-5",
    ),
    Claim("C2.6", "002", "a DCGAN overfits a little after 200 epochs", "nearer to training images"),
    Claim(
        "C2.7", "002", "a DCGAN's generator loss always rises, its discriminator's always falls",
        "rank correlations 1, -1", "gangan train-gans --run dcgan --family dcgan",
    ),
    Claim("C2.8", "002", "wider is not better", "rank correlation 0"),
    Claim("C2.9", "002", "table 1: discriminators judge others' images", "rows 84.2 to 92.9"),
    Claim("C2.10", "002", "the best discriminator is DCGAN's, the worst GAN's", "order of table 1"),
    Claim("C2.11", "002", "architecture search finds good networks", "at least as good as random"),
    Claim("C2.12", "002 eq. 2, 3", "D* = p_data / (p_data + p_g), ½ at the optimum", "½"),
    Claim(
        "C2.13", "002 eq. 4", "InfoGAN maximises the mutual information of class and image",
        "→ 2.303 nats", "gangan evaluate infogan",
    ),
    Claim("C3.1", "003", "Parzen log-likelihood of MNIST", "225 ± 2"),
    Claim(
        "C3.2", "003", "the minimax loss starves the generator if the discriminator is good",
        "ratio of gradients ≥ 50"
    ),
    Claim("C3.3", "003", "many discriminator steps are costly, and overfit", "trade-off"),
    Claim("C3.4", "003", "p_g → p_data, D → ½", "V → -1.386, divergence → 0"),
    Claim("C3.5", "003", "figure 1", "errors ≤ 0.05"),
    Claim("C3.6", "003", "SRGAN is sharper than bicubic interpolation", "lower distance"),
    Claim("C3.7", "003", "CycleGAN translates, and hides what it must restore", "noise breaks it"),
    Claim("C3.8", "003", "StackGAN's second stage refines the first", "lower distance"),
    Claim("C3.9", "003", "StyleGAN's coarse styles decide the identity", "identity follows"),
)  # fmt: skip
