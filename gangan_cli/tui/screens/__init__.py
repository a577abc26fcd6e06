"""The screens: the pages runs, live and latent, and the overlays."""
