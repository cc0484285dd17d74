"""What augmentation may do to a picture, and what it never mixes up: focal planes, examples, picture and mask."""

import pytest
import torch

from train_cnn import flipped
from train_cropper import augmented

PLANES = torch.tensor([200.0, 100.0, 50.0])


def symmetries(still):
    """A still [3, H, W] as it is seen in a square's eight positions, its planes in their places."""
    return [turned.flip(axes) for turned in (still, still.transpose(1, 2)) for axes in ([], [1], [2], [1, 2])]


def squares(count):
    """Masks [N, 64, 64] of one square each, all in different places."""
    masks = torch.zeros(count, 64, 64)
    for number, mask in enumerate(masks):
        mask[16 + number : 36 + number, 14 + 2 * number : 30 + 2 * number] = 1
    return masks


def test_every_still_is_turned_by_itself_into_one_of_eight_positions_and_its_planes_stay_in_order():
    torch.manual_seed(1)
    stills = torch.arange(200 * 3 * 5 * 5).reshape(200, 3, 5, 5)               # no two values alike

    turned = flipped(stills)

    found = [[torch.equal(one, after) for one in symmetries(before)] for before, after in zip(stills, turned)]
    assert all(sum(each) == 1 for each in found)
    assert {each.index(True) for each in found} == set(range(8))


@pytest.mark.parametrize("flips", [False, True])
def test_picture_and_mask_move_together_and_planes_stay_in_order(flips):
    torch.manual_seed(1)
    masks = squares(8)

    pictures, moved = augmented(masks[:, None] * PLANES[:, None, None], masks, flips=flips, light=False)

    in_picture = pictures[:, 0] > PLANES[0] / 2
    assert all((one != other).float().mean() > 0.01 for one, other in zip(masks, moved))
    assert all((one == other.bool()).float().mean() > 0.99 for one, other in zip(in_picture, moved))
    assert torch.allclose(pictures[:, 1:], pictures[:, :1] * PLANES[1:, None, None] / PLANES[0], atol=1e-3)
