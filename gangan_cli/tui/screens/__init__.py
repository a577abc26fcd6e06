"""What fills the terminal: runs, live, latent, and what lies over them."""
