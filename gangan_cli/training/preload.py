"""Imports of the fork server: modules that every worker needs."""

import gc
from importlib import import_module

# The second is PyTorch's compiler, which it would import at the first gradient.
for name in ("gangan_cli.training.engine", "torch._dynamo"):
    import_module(name)

# Nobody looks for garbage among what is there now: a worker would copy each page that it looks at, and
# the end of this process would take a second.
gc.freeze()
