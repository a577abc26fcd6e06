"""`python -m gangan_cli` is `gangan`."""

from gangan_cli.cli.app import main

if __name__ == "__main__":
    main()
