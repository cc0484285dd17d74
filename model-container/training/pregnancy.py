"""The pregnancy network of Kim et al. 2024, Fig. 3: a pretrained CNN, its pooled features, the age, a sigmoid."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trunks import TRUNKS

# Of ImageNet, red, green and blue, which its weights were trained with.
CHANNEL_MEAN = (0.485, 0.456, 0.406)
CHANNEL_DEVIATION = (0.229, 0.224, 0.225)


class PregnancyNetwork(nn.Module):
    """Global average pooling behind every trunk; the standardised age is one more feature of the last, linear layer.

    votes: a head for the votes on ICM and TE in its place, for a first training: more embryos are graded than
    transferred.
    """

    def __init__(self, network: str, width: float, *, votes: bool = False):
        super().__init__()
        self.trunk = TRUNKS[network](width)
        self.votes = votes
        self.head = nn.Linear(self.trunk.channels, 2) if votes else nn.Linear(self.trunk.channels + 1, 1)
        # Years; of the training fold.
        self.register_buffer("age_mean", torch.tensor(35.0))
        self.register_buffer("age_deviation", torch.tensor(4.0))
        self.register_buffer("channel_mean", torch.tensor(CHANNEL_MEAN)[:, None, None], persistent=False)
        self.register_buffer("channel_deviation", torch.tensor(CHANNEL_DEVIATION)[:, None, None], persistent=False)

    def maps(self, image: Tensor) -> Tensor:
        """image: uint8 (or float 0..255) [N, 3, 224, 224] -> feature maps [N, C, 7, 7]."""
        return self.trunk((image.float() / 255 - self.channel_mean) / self.channel_deviation)

    def logit(self, maps: Tensor, age_years: Tensor) -> Tensor:
        """maps: [N, C, 7, 7]; age_years: [N] -> logits [N]; their sigmoid is the raw score."""
        age = (age_years - self.age_mean) / self.age_deviation
        return self.head(torch.cat([maps.mean(dim=(2, 3)), age[:, None]], dim=1)).squeeze(1)

    def forward(self, image: Tensor, age_years: Tensor) -> Tensor:
        """Logits [N] of the pregnancy, or with a head for votes [N, 2] of the mean votes on ICM and TE."""
        maps = self.maps(image)
        return self.head(maps.mean(dim=(2, 3))) if self.votes else self.logit(maps, age_years)

    def attention(self, maps: Tensor) -> Tensor:
        """Grad-CAM of the logit (Selvaraju et al. 2017, Eq. 1 and 2), [N, 7, 7] from 0 on.

        The logit is linear in the pooled maps, so that its gradient with respect to any pixel of a map is that map's
        weight over the number of pixels: no backward pass is needed, and the map can leave an ONNX graph.
        """
        weight = self.head.weight[0, :-1] / (maps.shape[2] * maps.shape[3])     # [C]
        return F.relu((maps * weight[:, None, None]).sum(dim=1))
