"""Images as training data: datasets, readers of files, domains, grids of images."""
