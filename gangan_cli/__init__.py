"""gangan: populations of small GANs, and GANs over those GANs."""
