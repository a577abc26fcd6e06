"""Labels find places where they hide nothing."""

import numpy as np

from gangan_cli.figures.labels import Label, place_labels
from gangan_cli.figures.style import new_figure, plain_ticks, whole_ticks


def placed(points, dots=()):
    """Boxes (n, 4) in pixels of the labels of some points, and the plot's."""
    figure, ((axis,),) = new_figure(5, 4)
    axis.set_xlim(0, 10)
    axis.set_ylim(0, 10)
    labels = [Label(f"sampler {number}", x, y) for number, (x, y) in enumerate(points)]
    place_labels(axis, labels, np.array([*points, *dots]))
    figure.draw_without_rendering()
    texts = [text for text in axis.texts if text.get_text()]
    # A text alone: an annotation's own extent has the line to its point in it.
    boxes = [super(type(text), text).get_window_extent().extents for text in texts]
    return np.array(boxes), axis.get_window_extent().extents, axis.transData


def test_labels_hide_neither_each_other_nor_points_nor_leave_the_plot():
    random = np.random.default_rng(1)
    points = [*random.uniform(4, 6, (9, 2)).tolist(), [0.1, 0.1], [9.9, 9.9]]
    boxes, frame, data = placed(points)
    assert len(boxes) == len(points)
    assert (boxes[:, :2] >= frame[:2]).all() and (boxes[:, 2:] <= frame[2:]).all()
    for number, box in enumerate(boxes):
        for other in boxes[number + 1 :]:
            assert (np.minimum(box[2:], other[2:]) < np.maximum(box[:2], other[:2])).any()
        for point in data.transform(points):
            assert (point < box[:2]).any() or (point > box[2:]).any()


def test_a_lonely_label_stays_close_and_the_same_places_come_again():
    (box,), _, data = placed([(5, 5)])
    point = data.transform((5, 5))
    assert np.linalg.norm(np.clip(point, box[:2], box[2:]) - point) < 12
    assert (placed([(5, 5)])[0] == box).all()


def test_logarithmic_axes_have_some_round_numbers():
    _, ((axis,),) = new_figure(3, 3)
    axis.set_yscale("log")
    for low, high in ((5, 420), (90, 420), (80, 2000), (97, 104), (0.5, 1e6), (1e-3, 3)):
        plain_ticks(axis.yaxis, low, high)
        ticks = axis.yaxis.get_ticklocs()
        assert 4 <= len(ticks) <= 12
        assert low <= ticks[0] and ticks[-1] <= high


def test_epochs_are_whole():
    _, ((axis,),) = new_figure(3, 3)
    axis.set_xlim(99.5, 100.5)
    whole_ticks(axis.xaxis)
    assert 100 in axis.get_xticks()
    assert (axis.get_xticks() % 1 == 0).all()
