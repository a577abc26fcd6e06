"""The questions that the papers ask of their GANs, one file each, and the table of their claims."""
