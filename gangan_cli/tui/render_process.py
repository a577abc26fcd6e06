"""The render process: it makes pictures for the TUI, and imports torch so that the TUI need not.

Importing torch holds Python's lock for half a second at a time, which would freeze the TUI. Run as
`python -m gangan_cli.tui.render_process FD`; the process ends when the other end of the socket is
closed.
"""

import os
import queue
import sys
import threading
import traceback
from multiprocessing.connection import Connection

import numpy as np

from gangan_cli.errors import ConfigurationError
from gangan_cli.images.grid import Bytes, grey
from gangan_cli.sampling.densities import densities, silhouettes
from gangan_cli.sampling.lineage import Lineage
from gangan_cli.tui.render_client import DensityChart, Failed, NearestFound, Rendered, Request, View
from gangan_cli.weightspace.alignment import training_view
from gangan_cli.weightspace.index import DecodedIndex, Nearest, nearest
from store import Catalog, StoreError


class Renderer:
    """Answers requests; caches what the next one is likely to need. Each thread needs its own."""

    def __init__(self) -> None:
        self._lineage: Lineage | None = None
        self._view: View | None = None
        self._vector: tuple[int, int, np.ndarray] | None = None
        self._index: DecodedIndex | None = None

    def paint(self, request: Request) -> Rendered:
        """Return the requested pictures, or the chart of a GAN of numbers.

        Raises:
            StoreError, ConfigurationError: the run, or one below it, cannot be used.
        """
        lineage, vector = self._at(request)
        if lineage.numbers is None:
            return Rendered(request.serial, self._pictures(request))
        weights = self._bottom_weights(lineage, vector, request)
        found = densities(lineage, weights, request.noise)
        chart = DensityChart(
            found.x,
            found.made[0],
            found.judged[0],
            found.real,
            float(found.mean[0]),
            float(found.std[0]),
        )
        return Rendered(request.serial, silhouettes(found), chart)

    @staticmethod
    def _bottom_weights(lineage: Lineage, vector: np.ndarray, request: Request) -> np.ndarray:
        """Return the weights (1, P) of a GAN at the bottom: the snapshot's, or if that is a GAN-GAN's,
        those that it generates at the requested latent, or from the request's noise."""
        if not lineage.is_gangan:
            return vector
        latent = np.array([request.latent], np.float32)
        if request.latent is None:
            latent = lineage.sample_latents(1, request.noise)
        return lineage.weights_at(vector[0], latent)

    def _pictures(self, request: Request) -> Bytes:
        lineage, vector = self._at(request)
        noises = lineage.fixed_noise(request.count, request.noise)
        if request.latent is None:
            for knob in request.knobs:
                if knob.value is not None:
                    noises[-1] = knob.code.put(noises[-1], [knob.value] * request.count)
            if lineage.family.translates_images:
                return grey(lineage.cycle_images(vector[0], noises[0]))
            return grey(lineage.render(vector, noises)[0])
        weights = lineage.weights_at(vector[0], np.array([request.latent], np.float32))
        return grey(lineage.render(weights, noises[1:])[0])

    def measure(self, request: Request) -> tuple[Nearest, Bytes] | None:
        """Return the training snapshot nearest to the GAN generated at the request's latent, and the
        snapshot's pictures; None for a request without a latent."""
        if request.latent is None:
            return None
        lineage, vector = self._at(request)
        weights = lineage.weights_at(vector[0], np.array([request.latent], np.float32))
        keys, code = lineage.top.constant("keys"), lineage.encoder
        below = training_view(lineage.top, lineage.below)
        if code is None:
            found = nearest(weights, below, keys)
        else:
            if self._index is None:
                self._index = DecodedIndex(below, keys, code.components)
            found = self._index.nearest(weights)
        snapshot = below.snapshot(*found.keys[0].tolist())
        if lineage.numbers:
            return found, silhouettes(densities(lineage, snapshot[None], request.noise))
        noises = lineage.fixed_noise(request.count, request.noise)
        return found, grey(lineage.render(snapshot[None], noises[1:])[0])

    def _at(self, request: Request) -> tuple[Lineage, np.ndarray]:
        if self._lineage is None or self._view != request.view:
            self._close()
            view = request.view
            self._lineage = Lineage.open(Catalog(view.store), view.run)
            self._view, self._vector, self._index = view, None, None
        if self._vector is None or self._vector[:2] != (request.gan, request.epoch):
            vector = self._lineage.top.snapshot(request.gan, request.epoch)
            self._vector = request.gan, request.epoch, vector[None]
        return self._lineage, self._vector[2]

    def _close(self) -> None:
        if self._lineage is not None:
            self._lineage.__exit__()
        self._lineage = None


def main(connection: Connection) -> None:
    """Answer requests until the other end is closed. A second thread finds the nearest snapshots, so
    that pictures do not wait for it."""
    renderer, searcher, sending = Renderer(), Renderer(), threading.Lock()
    to_measure: queue.SimpleQueue[Request] = queue.SimpleQueue()

    def send(answer: Rendered | NearestFound | Failed) -> None:
        with sending:
            connection.send(answer)

    def measure() -> None:
        while True:
            request = to_measure.get()
            while not to_measure.empty():  # only the last request is still on screen
                request = to_measure.get()
            try:
                if found := searcher.measure(request):
                    near, images = found
                    gan, epoch = near.keys[0].tolist()
                    distance = float(near.distances[0])
                    send(NearestFound(request.serial, gan, epoch, distance, near.epoch_step, images))
            except (StoreError, ConfigurationError) as error:
                send(Failed(request.serial, str(error)))
            except Exception:
                traceback.print_exc()
                os._exit(1)  # a bug in the main thread ends the process too; the TUI reports it

    threading.Thread(target=measure, daemon=True).start()
    while True:
        request: Request = connection.recv()
        try:
            send(renderer.paint(request))
            to_measure.put(request)
        except (StoreError, ConfigurationError) as error:
            send(Failed(request.serial, str(error)))


if __name__ == "__main__":
    try:
        main(Connection(int(sys.argv[1])))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        os._exit(0)  # the TUI is gone; do not wait for the measuring thread
