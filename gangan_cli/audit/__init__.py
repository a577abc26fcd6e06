"""The audit of a GAN-GAN: baselines, claims, and their records."""
