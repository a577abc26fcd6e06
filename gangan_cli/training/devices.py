"""Which devices this machine has to train on."""

from gangan_cli.errors import ConfigurationError


def find(device: str) -> list[str]:
    """Return the devices that `device` (auto, cpu, cuda, cuda:N or mps) means here, one a worker.

    auto takes every CUDA GPU, else Apple's, else the processor; cuda takes every CUDA GPU.

    Raises:
        ConfigurationError: there is no such device here.
    """
    import torch

    gpus = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if device == "cpu":
        return ["cpu"]
    if device == "auto":
        return gpus or (["mps"] if torch.backends.mps.is_available() else ["cpu"])
    if device == "cuda" and gpus:
        return gpus
    if device in gpus or (device == "mps" and torch.backends.mps.is_available()):
        return [device]
    if device == "cuda" or device.startswith("cuda:") or device == "mps":
        raise ConfigurationError(
            f"no device {device!r} on this machine: it has {', '.join([*gpus, 'cpu'])}"
        )
    raise ConfigurationError(f"no device {device!r}: use auto, cpu, cuda, cuda:N or mps")
